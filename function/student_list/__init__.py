"""A list of students in a file as schools export it, and what it takes for one to be used.

Enrolment and the command line read students from such a file, where the function has its table: so
nothing here is in the container image. What came from elsewhere is made texts here, once, so that
nothing after it need ask how a file was written.
"""

from function.student_list.reading import StudentList, read_student_list, read_students
from function.student_list.refusal import StudentListError

__all__ = ["StudentList", "StudentListError", "read_student_list", "read_students"]
