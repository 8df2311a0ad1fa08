// How far a watched scan has come: its front line over the photo, with a head at each end that points where it goes, and
// the part to come in the dark.
const DARK = "rgb(4 6 12 / .5)";
const HEAD = 15; // CSS px

/**
 * @param {any} c context of the upper canvas; what is on it stays above the dark
 * @param {any} walked see Scene.walked()
 * @param {boolean} back a row is walked backwards
 * @param {{w: number, h: number, stride: number, W: number, H: number}} trace
 * @param {any} view where the photo lies, canvas px
 * @param {number} dpr canvas px of a CSS px
 */
export function drawFront(c, walked, back, trace, view, dpr) {
  const across = walked.dir === "right" || walked.dir === "left", // the front goes sideways
    forth = (walked.dir === "right" || walked.dir === "down") !== back,
    size = (cells) => cells * trace.stride * view.scale,
    length = (across ? trace.W : trace.H) * view.scale,
    width = (across ? trace.H : trace.W) * view.scale,
    reached = Math.min(walked.total, walked.lines + (back ? 1 : 0)), // weight that is handed back waits on the next line
    at = Math.min(length, size(forth ? reached : walked.total - reached)),
    to = forth ? 1 : -1,
    head = HEAD * dpr;
  c.save();
  // From here on the front goes along the first axis, over a field `length` long and `width` wide.
  if (across) c.setTransform(1, 0, 0, 1, view.left, view.top);
  else c.setTransform(0, 1, 1, 0, view.left, view.top);
  c.globalCompositeOperation = "destination-over";
  c.fillStyle = DARK;
  forth ? c.fillRect(at, 0, length - at, width) : c.fillRect(0, 0, at, width);
  c.globalCompositeOperation = "source-over";
  c.lineJoin = "round";
  for (const { ink, thick } of [
    { ink: "rgb(0 0 0 / .7)", thick: 5 },
    { ink: "#fff", thick: 2 },
  ]) {
    c.strokeStyle = c.fillStyle = ink;
    c.lineWidth = thick * dpr;
    c.beginPath();
    c.moveTo(at, 0);
    c.lineTo(at, width);
    c.stroke();
    c.lineWidth = (thick - 1) * dpr;
    for (const end of [0.08, 0.92]) {
      c.beginPath();
      c.moveTo(at, end * width - 0.6 * head);
      c.lineTo(at + to * head, end * width);
      c.lineTo(at, end * width + 0.6 * head);
      c.closePath();
      c.fill();
      c.stroke();
    }
  }
  c.restore();
}
