// Keeps the list of sessions as it is: looks again while something in it is going to change.
const SECONDS = 5;
const LONGEST = 60;

let pause = SECONDS;
let timer = 0;

/** Looks again, and puts the list as it is by now in the place of the one that is shown. */
async function refresh() {
  clearTimeout(timer);
  try {
    const answer = await fetch(location.href);
    if (answer.redirected) {
      location.reload(); // signed out by now
      return;
    }
    if (answer.ok) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const before = document.getElementById("sessions");
      const now = page.getElementById("sessions");
      document.dispatchEvent(new CustomEvent("fetched", { detail: now }));
      pause = before.innerHTML === now.innerHTML ? Math.min(pause * 1.5, LONGEST) : SECONDS;
      if (before.outerHTML !== now.outerHTML) {
        before.replaceWith(document.adoptNode(now));
      }
    }
  } catch {
    // No connection: the next look will tell.
  }
  again();
}

function again() {
  if (document.getElementById("sessions").hasAttribute("data-changes")) {
    timer = setTimeout(() => (document.hidden ? again() : refresh()), pause * 1000);
  }
}

document.addEventListener("uploaded", refresh);
again();
