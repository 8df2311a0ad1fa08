// The guess of a lesson's question on the picture.

const DIAMOND = [
  [0, -1],
  [1, 0],
  [0, 1],
  [-1, 0],
];

/** A guess on a pane's upper canvas, and the way from it to the outline; `view`: where the photo lies, canvas px. */
export function drawGuess(c, scene, { at, near }, view, dpr) {
  const where = (pixel) => {
      const { x, y } = scene.local(pixel);
      return [(x + 0.5) * view.scale + view.left, (y + 0.5) * view.scale + view.top];
    },
    [x, y] = where(at),
    size = 7 * dpr;
  c.save();
  c.setTransform(1, 0, 0, 1, 0, 0);
  c.lineJoin = "round";
  if (near) {
    c.beginPath();
    c.moveTo(x, y);
    c.lineTo(...where(near));
    stroke(c, dpr, [5 * dpr, 4 * dpr]);
  }
  c.beginPath();
  for (const [dx, dy] of DIAMOND) c.lineTo(x + dx * size, y + dy * size);
  c.closePath();
  c.fillStyle = "#27e7ff";
  c.fill();
  stroke(c, dpr);
  c.restore();
}

function stroke(c, dpr, dash = []) {
  for (const { ink, width } of [
    { ink: "rgb(0 0 0 / .7)", width: 4 },
    { ink: "#27e7ff", width: 1.8 },
  ]) {
    c.setLineDash(ink === "#27e7ff" ? dash : []);
    c.strokeStyle = ink;
    c.lineWidth = width * dpr;
    c.stroke();
  }
}
