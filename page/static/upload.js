// Puts a video in: part by part, straight to the bucket, by addresses that the page signs. What has
// arrived is not sent again, neither after a broken connection nor after the page was closed.

const AT_ONCE = 3;
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 30000;
const UNITS = ["KB", "MB", "GB", "TB"];

const form = document.getElementById("upload");
const part = (id) => document.getElementById(id);
const texts = form.dataset;

let file = null;
let running = null;

/** Something that is no fault of the connection: trying again would not help. */
class Refused extends Error {}

const size = (count) => {
  let unit = "";
  for (unit of UNITS) {
    count /= 1024;
    if (count < 1024) break;
  }
  return `${count < 10 && count % 1 ? count.toFixed(1) : count.toFixed(0)} ${unit}`;
};

const text = (name, values = {}) =>
  texts[`text${name.replace(/(^|-)(\w)/g, (_, __, letter) => letter.toUpperCase())}`].replace(
    /\{(\w+)\}/g,
    (_, value) => values[value],
  );

function say(words) {
  part("status").textContent = words;
}

function refuse(words) {
  part("refused").textContent = words;
}

function choose(chosen) {
  file = chosen || null;
  refuse("");
  part("chosen").hidden = !file;
  if (!file) return;
  part("chosen").textContent = text("chosen", { name: file.name, size: size(file.size) });
  refuse(problem() || "");
  const day = file.name.match(/(20\d\d)[-_]?([01]\d)[-_]?([0-3]\d)/);
  const taken = day ? `${day[1]}-${day[2]}-${day[3]}` : local(new Date(file.lastModified));
  if (!Number.isNaN(Date.parse(taken))) part("day").value = taken;
}

const local = (time) =>
  `${time.getFullYear()}-${String(time.getMonth() + 1).padStart(2, "0")}-${String(time.getDate()).padStart(2, "0")}`;

/** Returns what is wrong with the file as far as that can be told here, or nothing. */
function problem() {
  if (!file) return text("choose-first");
  const about = { name: file.name, size: size(Number(texts.largest)) };
  const suffix = `.${file.name.split(".").pop().toLowerCase()}`;
  if (!texts.suffixes.split(" ").includes(suffix)) return text("no-video", about);
  if (file.size === 0) return text("empty", about);
  if (file.size > Number(texts.largest)) return text("too-large", about);
  return "";
}

/** Asks the page for something, and returns its answer. */
async function ask(what, body, signal) {
  const answer = await fetch(`${texts.address}/${what}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal,
  });
  if (answer.ok) return answer.json();
  if (answer.status === 401) throw new Refused(text("signed-out"));
  if (answer.status < 500 && answer.status !== 429) {
    const said = await answer.json().catch(() => ({}));
    throw new Refused(said.refused || text("failed"));
  }
  throw new Error(`answered ${answer.status}`);
}

/** Does something again and again, with longer and longer pauses, until it works or is refused. */
async function untilItWorks(act, signal) {
  for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    try {
      return await act();
    } catch (error) {
      if (signal.aborted || error instanceof Refused) throw error;
      say(text("waiting"));
      await Promise.race([
        new Promise((done) => setTimeout(done, pause)),
        new Promise((done) => addEventListener("online", done, { once: true })),
        new Promise((done) => signal.addEventListener("abort", done, { once: true })),
      ]);
    }
  }
}

/** Sends a part, and reports how much of it has gone. */
function send(address, blob, signal, report) {
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest(); // fetch does not say how far it has come
    request.open("PUT", address);
    request.upload.onprogress = (event) => report(event.loaded);
    request.onload = () =>
      request.status === 200 ? done() : fail(new Error(`answered ${request.status}`));
    request.onerror = () => fail(new Error("no connection"));
    request.onabort = () => fail(new Error("cancelled"));
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(blob);
  });
}

/** What this browser remembers of an upload: enough to go on with it, for this file alone. */
const memory = {
  key: (day, lesson) => `upload ${texts.course} ${day} ${lesson}`,
  same: () => `${file.name} ${file.size} ${file.lastModified}`,
  get(key) {
    const kept = JSON.parse(localStorage.getItem(key) || "null");
    return kept && kept.same === this.same() ? kept.upload : "";
  },
};

async function upload(signal) {
  const day = part("day").value;
  const lesson = Number(part("lesson").value);
  const key = memory.key(day, lesson);
  const begun = await untilItWorks(
    () =>
      ask(
        "begin",
        { day, lesson, file: file.name, size: file.size, upload: memory.get(key) },
        signal,
      ),
    signal,
  );
  localStorage.setItem(key, JSON.stringify({ same: memory.same(), upload: begun.upload }));
  const about = { name: begun.name, upload: begun.upload, size: file.size };
  running.forget = () => {
    localStorage.removeItem(key);
    return ask("give-up", about);
  };

  const sizeOf = (number) =>
    Math.min(begun.partSize, file.size - (number - 1) * begun.partSize);
  const arrived = new Map(
    begun.arrived
      .filter(({ number, size: there }) => there === sizeOf(number))
      .map(({ number, size: there }) => [number, there]),
  );
  const count = Math.ceil(file.size / begun.partSize);
  const missing = [];
  for (let number = 1; number <= count; number += 1) {
    if (!arrived.has(number)) missing.push(number);
  }
  const started = Date.now();
  const sum = () => [...arrived.values()].reduce((one, other) => one + other, 0);
  const before = sum();
  const show = () => {
    const done = sum();
    part("progress").value = (100 * done) / file.size;
    const left = ((file.size - done) * (Date.now() - started)) / Math.max(done - before, 1);
    const minutes = Math.ceil(left / 60000);
    say(
      text("progress", { done: size(done), size: size(file.size) }) +
        (done > before && minutes > 1 ? `, ${text("left", { minutes })}` : ""),
    );
  };
  if (before) say(text("resumed", { done: size(before), size: size(file.size) }));

  const one = async () => {
    for (let number = missing.shift(); number; number = missing.shift()) {
      const from = (number - 1) * begun.partSize;
      const blob = file.slice(from, from + sizeOf(number));
      await untilItWorks(async () => {
        const addresses = await ask("addresses", { ...about, numbers: [number] }, signal);
        try {
          await send(addresses[number], blob, signal, (sent) => {
            arrived.set(number, Math.min(sent, blob.size));
            show();
          });
        } catch (error) {
          arrived.delete(number);
          throw error;
        }
        arrived.set(number, blob.size);
        show();
      }, signal);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  await untilItWorks(() => ask("finish", about, signal), signal);
  localStorage.removeItem(key);
}

function busy(is) {
  for (const each of ["file", "day", "lesson", "start"]) part(each).disabled = is;
  part("cancel").hidden = !is;
  part("progress").hidden = !is;
}

async function start(event) {
  event.preventDefault();
  refuse(problem());
  if (problem()) {
    part("file").focus();
    return;
  }
  if (!form.checkValidity()) {
    form.reportValidity();
    return;
  }
  running = { abort: new AbortController(), forget: () => Promise.resolve() };
  part("progress").value = 0;
  busy(true);
  say(text("starting"));
  try {
    await upload(running.abort.signal);
    say(text("finished"));
    part("file").value = "";
    choose(null);
    document.dispatchEvent(new Event("uploaded")); // sessions.js looks again
  } catch (error) {
    if (running.abort.signal.aborted) {
      await running.forget().catch(() => {});
      say(text("cancelled"));
    } else {
      say("");
      refuse(error instanceof Refused ? error.message : text("failed"));
    }
  }
  running = null;
  busy(false);
  part("start").focus();
}

form.addEventListener("submit", start);
part("cancel").addEventListener("click", () => running && running.abort.abort());
part("file").addEventListener("change", () => choose(part("file").files[0]));

const drop = form.querySelector(".drop");
for (const name of ["dragenter", "dragover"]) {
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
}
for (const name of ["dragleave", "drop"]) {
  drop.addEventListener(name, () => drop.classList.remove("over"));
}
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  if (!running && event.dataTransfer.files.length) choose(event.dataTransfer.files[0]);
});
addEventListener("beforeunload", (event) => {
  if (running) event.preventDefault();
});

// Somebody may have been quicker than this script.
choose(part("file").files[0]);
part("start").disabled = false;
