// A neural cellular automaton that the reader can wipe (docs/networks.md). The arithmetic is that
// of nst_helpers/feedforward/automaton.py.
const CHANNELS = 12, HIDDEN = 96, SEEN = 4 * CHANNELS;
const BUSY = 8; // milliseconds of a frame at most, and never more than half of its time
const WIPE = 8; // cells, the radius of what a pointer erases

function halves(text) { // float16 in base64
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return Float32Array.from(new Uint16Array(bytes.buffer), (bits) => {
    const exponent = (bits >> 10) & 31, fraction = (bits & 1023) / 1024;
    const size = exponent ? 2 ** (exponent - 15) * (1 + fraction) : 2 ** -14 * fraction;
    return bits >> 15 ? -size : size;
  });
}

class Automaton {
  constructor(text, side) {
    const numbers = halves(text), ends = [SEEN * HIDDEN, HIDDEN, HIDDEN * CHANNELS, CHANNELS];
    const [kernel, ...rest] = ends.map((_, i) => {
      const start = ends.slice(0, i).reduce((sum, n) => sum + n, 0);
      return numbers.slice(start, start + ends[i]);
    });
    this.inward = kernel.map((_, i) => { // in the order in which they are read, four side by side
      const input = (i >> 2) % SEEN, output = 4 * Math.floor(i / (4 * SEEN)) + (i & 3);
      return kernel[input * HIDDEN + output];
    });
    [this.inwardBias, this.outward, this.outwardBias] = rest;
    [this.side, this.seen] = [side, new Float32Array(SEEN)];
    this.restart();
  }

  restart() {
    this.now = new Float32Array(this.side ** 2 * CHANNELS);
    [this.next, this.row] = [this.now.slice(), 0];
  }

  advance(chosen) { // by one row; true if that was the last, and all cells are new at once
    if (this.row === 0) this.next.set(this.now);
    for (let x = 0; x < this.side; x++) if (chosen(this.row, x)) this.change(this.row, x);
    this.row = (this.row + 1) % this.side;
    if (this.row === 0) [this.now, this.next] = [this.next, this.now];
    return this.row === 0;
  }

  change(y, x) {
    this.perceive(y, x);
    const {seen, next, inward, inwardBias: bias} = this, cell = (y * this.side + x) * CHANNELS;
    for (let c = 0; c < CHANNELS; c++) next[cell + c] += this.outwardBias[c];
    for (let h = 0, at = 0; h < HIDDEN; h += 4) {
      let p = bias[h], q = bias[h + 1], r = bias[h + 2], s = bias[h + 3];
      for (let i = 0; i < SEEN; i++, at += 4) {
        p += inward[at] * seen[i];
        q += inward[at + 1] * seen[i];
        r += inward[at + 2] * seen[i];
        s += inward[at + 3] * seen[i];
      }
      this.act(cell, h, p);
      this.act(cell, h + 1, q);
      this.act(cell, h + 2, r);
      this.act(cell, h + 3, s);
    }
  }

  act(cell, h, sum) { // of one hidden number on the cell, if it is positive
    if (sum <= 0) return;
    const {next, outward} = this;
    for (let c = 0; c < CHANNELS; c++) next[cell + c] += outward[h * CHANNELS + c] * sum;
  }

  perceive(y, x) { // beyond the border lies the opposite border
    const {now, seen, side} = this, left = (x + side - 1) % side, right = (x + 1) % side;
    const up = ((y + side - 1) % side) * side, here = y * side, down = ((y + 1) % side) * side;
    for (let c = 0; c < CHANNELS; c++) {
      const at = (row, column) => now[(row + column) * CHANNELS + c];
      const nw = at(up, left), n = at(up, x), ne = at(up, right), w = at(here, left);
      const e = at(here, right), sw = at(down, left), s = at(down, x), se = at(down, right);
      seen[c] = at(here, x);
      seen[CHANNELS + c] = (ne + 2 * e + se - nw - 2 * w - sw) / 8;
      seen[2 * CHANNELS + c] = (sw + 2 * s + se - nw - 2 * n - ne) / 8;
      seen[3 * CHANNELS + c] = (nw + ne + sw + se + 2 * (n + w + e + s)) / 4 - 3 * seen[c];
    }
  }

  erase(y, x, radius) {
    const {side} = this, apart = (a, b) => Math.abs(((a - b + 1.5 * side) % side) - side / 2);
    for (let cell = 0; cell < side ** 2; cell++)
      if (Math.hypot(apart(Math.floor(cell / side), y), apart(cell % side, x)) <= radius)
        for (const state of [this.now, this.next])
          state.fill(0, cell * CHANNELS, (cell + 1) * CHANNELS);
  }

  paint(context) {
    const image = context.createImageData(this.side, this.side);
    for (let i = 0; i < image.data.length; i++) // which is clamped and rounded as it is stored
      image.data[i] = i % 4 < 3 ? 255 * (this.now[(i >> 2) * CHANNELS + (i % 4)] + 0.5) : 255;
    context.putImageData(image, 0, 0);
  }
}

// Puts a canvas and buttons where the still picture was, which stays where no script runs.
function live(figure, text, side) {
  const still = figure.querySelector("img"), automaton = new Automaton(text, side);
  const canvas = Object.assign(document.createElement("canvas"), {width: side, height: side});
  const context = canvas.getContext("2d"), controls = document.createElement("div");
  let running = false, visible = false, frame = 0, before = 0;

  function work(time) {
    const end = performance.now() + Math.min(BUSY, (time - before) / 2);
    [frame, before] = [0, time];
    while (performance.now() < end)
      if (automaton.advance(() => Math.random() < 0.5)) {
        automaton.paint(context);
        figure.dataset.steps = 1 + Number(figure.dataset.steps);
      }
    wake();
  }

  function wake() {
    if (running && visible && figure.isConnected) frame ||= requestAnimationFrame(work);
  }

  function run(on) {
    running = on;
    pause.textContent = on ? "Pause" : "Play";
    if (on) still.replaceWith(canvas);
    wake();
  }

  function button(words, act) {
    const made = Object.assign(document.createElement("button"), {type: "button", onclick: act});
    made.textContent = words;
    controls.append(made, " ");
    return made;
  }

  function wipe(y, x) {
    automaton.erase(y, x, WIPE);
    automaton.paint(context);
  }

  function touch(event) {
    const box = canvas.getBoundingClientRect();
    wipe(((event.clientY - box.top) / box.height) * side,
      ((event.clientX - box.left) / box.width) * side);
  }

  const pause = button("Pause", () => run(!running));
  button("Restart", () => {
    automaton.restart();
    automaton.paint(context);
    run(true);
  });
  button("Wipe", () => wipe(Math.random() * side, Math.random() * side));
  canvas.style.cssText = still.style.cssText + "; touch-action: none; cursor: crosshair";
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", still.alt);
  canvas.onpointerdown = (event) => {
    canvas.setPointerCapture(event.pointerId);
    touch(event);
  };
  canvas.onpointermove = (event) => event.buttons && touch(event);
  figure.dataset.steps = 0;
  figure.querySelector("small").append(" Wipe over them.");
  figure.append(controls);
  automaton.paint(context);
  run(!matchMedia("(prefers-reduced-motion: reduce)").matches);
  new IntersectionObserver((changes) => {
    visible = changes.at(-1).isIntersecting;
    wake();
  }).observe(figure);
}
