// Plays the recording up to where a student shows best, stops there, and draws a box about the face.
const LEAD = 2; // seconds that are played before the sighting
const NEAR = 0.3; // seconds around it for which the box is where the face is
const RENEW_AFTER = 0.8; // of the time for which an address is good

const player = document.getElementById("player");
const video = document.getElementById("video");
const box = document.getElementById("box");
const playing = document.getElementById("playing");

let sighting = null;
let renewAt = 0;
let failedAt = null;
let stopsAtSighting = false;
let wanted = null; // where to go on once the recording is loaded
let frame = 0;

function say(name, values = {}) {
  const text = player.getAttribute(`data-text-${name}`);
  playing.textContent = text.replace(/\{(\w+)\}/g, (_, key) => values[key]);
}

/** Loads the recording by an address that is good for some minutes; tells whether there is one. */
async function load(time, plays) {
  const answer = await fetch(player.dataset.address, { headers: { Accept: "application/json" } });
  if (answer.redirected) {
    location.reload(); // signed out by now
    return false;
  }
  const told = await answer.json();
  if (!answer.ok) {
    playing.textContent = told.refused;
    return false;
  }
  renewAt = Date.now() + told.seconds * 1000 * RENEW_AFTER;
  wanted = { time, plays };
  video.src = told.address;
  return true;
}

function goTo(time, plays) {
  video.currentTime = time;
  if (plays) {
    // Where a browser plays nothing by itself, the picture of the sighting is shown.
    video.play().catch(() => {
      if (stopsAtSighting) {
        stop();
      }
    });
  }
}

function stop() {
  stopsAtSighting = false;
  video.pause();
  video.currentTime = sighting.seconds;
  say("at", sighting);
}

function look() {
  if (sighting && stopsAtSighting && !video.paused && video.currentTime >= sighting.seconds) {
    stop();
  }
  box.hidden = !sighting || Math.abs(video.currentTime - sighting.seconds) > NEAR;
  if (!video.paused && !video.ended) {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(look);
  }
}

/** Places the box by shares of the picture, whatever the size it is shown at. */
function draw([left, top, width, height]) {
  box.style.left = `${100 * left}%`;
  box.style.top = `${100 * top}%`;
  box.style.width = `${100 * width}%`;
  box.style.height = `${100 * height}%`;
}

for (const link of document.querySelectorAll("a.play")) {
  link.addEventListener("click", async (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) {
      return;
    }
    event.preventDefault();
    sighting = {
      name: link.dataset.name,
      shown: link.dataset.shown,
      seconds: Number(link.dataset.time),
    };
    draw(link.dataset.box.split(" ").map(Number));
    stopsAtSighting = true;
    failedAt = null;
    video.pause();
    player.hidden = false;
    player.scrollIntoView({ block: "nearest" });
    const from = Math.max(0, sighting.seconds - LEAD);
    if (video.readyState > 0 && !video.error && Date.now() < renewAt) {
      say("now", sighting);
      goTo(from, true);
      return;
    }
    say("loading");
    try {
      if (await load(from, true)) {
        say("now", sighting);
      }
    } catch {
      say("unplayable");
    }
  });
}

for (const name of ["play", "playing", "seeked", "timeupdate", "pause"]) {
  video.addEventListener(name, look);
}
video.addEventListener("loadedmetadata", () => {
  if (wanted) {
    goTo(wanted.time, wanted.plays);
    wanted = null;
  }
});
video.addEventListener("ended", () => {
  // A sighting in the last picture is before the end that a player stops at.
  if (stopsAtSighting) {
    stop();
  }
});

// The address is good for some minutes only: with another, it goes on where it was.
video.addEventListener("error", async () => {
  const at = wanted ? wanted.time : video.currentTime;
  const plays = wanted !== null || !video.paused;
  if (failedAt === at) {
    say("unplayable"); // and a new address did not help
    return;
  }
  failedAt = at;
  try {
    await load(at, plays);
  } catch {
    say("unplayable");
  }
});
