// What ShortsAI Studio does in a browser, in small: it signs in with a form, makes a project, shows it and signs out with a form.
// Each step that went well is written into the page; the first that did not ends the tour.

const steps = document.getElementById("steps");
const media = document.getElementById("media");
const state = (word) => (document.documentElement.dataset.state = word);
const done = JSON.parse(sessionStorage.getItem("steps") ?? "[]");

function write(text) {
  const line = document.createElement("li");
  line.textContent = text;
  steps.append(line);
}

async function step(name, work) {
  try {
    const value = await work();
    done.push(name);
    write(name);
    return value;
  } catch (error) {
    write(`FAILED ${name}: ${error?.stack ?? error}`);
    state("failed");
    throw new Stop();
  }
}

class Stop {}

function expect(good, what) {
  if (!good) throw new Error(what);
}

async function call(method, path, body) {
  const options = { method };
  if (body !== undefined) {
    options.headers = { "Content-Type": "application/json" };
    options.body = JSON.stringify(body);
  }
  const answer = await fetch(`/api${path}`, options);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return JSON.parse(text);
}

// A form of the page: the browser goes where the answer leads.
async function form(path) {
  const { csrfToken } = await call("GET", "/auth/csrf");
  sessionStorage.setItem("steps", JSON.stringify(done));
  const element = document.createElement("form");
  element.method = "POST";
  element.action = `/api${path}`;
  for (const [name, value] of Object.entries({ csrfToken, callbackUrl: location.origin })) {
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name, value });
    element.append(input);
  }
  document.body.append(element);
  element.submit();
}

function heard(element, wanted) {
  return new Promise((resolve, reject) => {
    element.addEventListener(wanted, resolve, { once: true });
    element.addEventListener("error", () => reject(new Error(`${element.tagName} ${element.src}: ${element.error?.message}`)), { once: true });
  });
}

// The events of a project until it has come to its end; `begin` is done once the first one is there.
function watch(project, begin) {
  return new Promise((resolve, reject) => {
    const source = new EventSource(`/api/events/${project}`);
    const seen = [];
    source.onerror = () => reject(new Error(`the events broke off after ${seen.length}`));
    source.onmessage = (message) => {
      const event = JSON.parse(message.data);
      seen.push(event.type);
      if (seen.length === 1) begin().catch(reject);
      if (event.type === "project_status_update" && event.status !== "generating") {
        source.close();
        resolve({ seen, status: event.status });
      }
    };
  });
}

async function picture(url) {
  const image = new Image();
  image.crossOrigin = "anonymous";
  const loaded = heard(image, "load");
  image.src = url;
  media.append(image);
  await loaded;
  expect(image.naturalWidth > 0 && image.naturalHeight > image.naturalWidth, "an upright picture");
  // The export in the browser draws pictures on a canvas and reads it.
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: 18, height: 32 });
  const brush = canvas.getContext("2d");
  brush.drawImage(image, 0, 0, 18, 32);
  expect(brush.getImageData(0, 0, 18, 32).data.some((value) => value > 0 && value < 255), "colours on the canvas");
  image.width = 90;
}

async function sound(url) {
  const audio = document.createElement("audio");
  audio.controls = true;
  const known = heard(audio, "loadedmetadata");
  audio.src = url;
  media.append(audio);
  await known;
  expect(Number.isFinite(audio.duration) && audio.duration > 0.2, `a length: ${audio.duration}`);
  const there = heard(audio, "seeked");
  audio.currentTime = audio.duration / 2;
  await there;
  const answer = await fetch(url, { headers: { Range: "bytes=0-9" } });
  expect(answer.status === 206 && (await answer.arrayBuffer()).byteLength === 10, "a part of the file");
}

async function make() {
  const body = { topic: "How bees dance", style: "Cinematic", language: "English", voice_name: "Kore", tts_provider: "gemini" };
  const project = await call("POST", "/projects", { ...body, include_music: true, bg_music_prompt: "calm" });
  const scene = { project_id: project.id, scene_number: 1, visual_description: "a bee", narration: "Bees dance to tell the way.", duration_seconds: 5 };
  const [one, other] = await Promise.all([call("POST", "/scenes", scene), call("POST", "/scenes", scene)]);
  expect(one.id === other.id, "one scene");
  return project.id;
}

async function whileSignedIn() {
  const { user } = await step("signed in", async () => {
    const session = await call("GET", "/auth/session");
    expect(session?.user.email === "ada@shorts.example", "a session after coming back");
    expect(document.cookie === "", "scripts see no cookie");
    return session;
  });
  await step("policies let the app run", async () => {
    expect(window.inline && new Function("return 7")() === 7, "scripts of the page and of its build tools");
  });
  await step("asked twice at the start", () =>
    Promise.all([0, 1].flatMap(() => [call("GET", `/users?email=${user.email}`), call("GET", "/user/apikeys"), call("GET", "/folders"), call("GET", "/projects?limit=12")])),
  );
  const project = await step("project and scene", make);
  await step("live events", async () => {
    const { seen, status } = await watch(project, () => call("POST", "/workflow/command", { projectId: project, action: "generate_all" }));
    expect(seen[0] === "init" && seen.includes("scene_update") && status === "completed", `${status}: ${seen}`);
  });
  const shown = await call("GET", `/workflow/state/${project}`);
  await step("picture", () => picture(shown.scenes[0].image_url));
  await step("sound", () => sound(shown.scenes[0].audio_url));
  await step("music", () => sound(shown.music_url));
  await step("archive", async () => {
    const answer = await fetch(`/api/projects/${project}/export`);
    const blob = await answer.blob();
    expect(answer.ok && blob.type === "application/zip" && blob.size > 1000, `${answer.status} ${blob.type} ${blob.size}`);
  });
}

async function tour() {
  const session = await call("GET", "/auth/session");
  done.forEach(write);
  if (done.includes("signed in")) {
    await step("signed out", async () => {
      expect(session === null, "no session");
      expect((await fetch("/api/projects")).status === 401, "nothing to see");
    });
    state("yes");
  } else if (session === null) {
    expect(!done.includes("form"), "no session after coming back from the provider");
    done.push("form");
    await form("/auth/signin/google");
  } else {
    await whileSignedIn();
    // The test looks at something in between.
    window.goOn = () => void form("/auth/signout");
    state("half");
  }
}

tour().catch((error) => {
  if (!(error instanceof Stop)) write(`FAILED ${error?.stack ?? error}`);
  state("failed");
});
