// Puts this machine's time in the place of UTC, in the page and in what is fetched for it.

/** Writes the times of an element as this machine's clock has them. */
function localTimes(where) {
  for (const time of where.querySelectorAll("time[data-local]")) {
    time.textContent = new Date(time.dateTime).toLocaleString([], {
      day: "numeric",
      month: "short",
      hour: "2-digit",
      minute: "2-digit",
    });
  }
}

document.addEventListener("fetched", (event) => localTimes(event.detail));
localTimes(document);
