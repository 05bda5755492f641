// The corners of a polygon while it is drawn: added, moved, put in between and removed, each of which can be taken back.

export class Corners {
  #before = []; // the corners before each change
  points = [];
  closed = false; // taken up again: no corner comes after the last one

  get length() {
    return this.points.length;
  }

  #become(points) {
    this.#before.push(this.points);
    this.points = points;
  }

  add(point) {
    this.#become([...this.points, point]);
  }

  /** Between the corner of this number and the next one. */
  insert(after, point) {
    this.#become(this.points.toSpliced(after + 1, 0, point));
  }

  remove(place) {
    this.#become(this.points.toSpliced(place, 1));
  }

  /** Moves a corner; `again` while it is the same drag, which is taken back as one. */
  move(place, point, again) {
    const moved = this.points.with(place, point);
    if (again) this.points = moved;
    else this.#become(moved);
  }

  /** Takes the last change back; false if there is none. */
  undo() {
    if (!this.#before.length) return false;
    this.points = this.#before.pop();
    return true;
  }

  /** The number of the nearest corner at most so far from a point; -1 if there is none. */
  near(point, distance) {
    let best = -1, least = distance;
    this.points.forEach(({ x, y }, place) => {
      const far = Math.hypot(x - point.x, y - point.y);
      if (far <= least) [best, least] = [place, far];
    });
    return best;
  }

  /** The nearest edge at most so far from a point, as the number of its first corner; -1 if there is none. */
  nearEdge(point, distance) {
    const { points } = this;
    let best = -1, least = distance;
    const last = this.closed ? points.length : points.length - 1;
    for (let place = 0; place < last; place++) {
      const far = fromEdge(point, points[place], points[(place + 1) % points.length]);
      if (far <= least) [best, least] = [place, far];
    }
    return best;
  }
}

function fromEdge({ x, y }, a, b) {
  const dx = b.x - a.x, dy = b.y - a.y;
  const along = dx || dy ? Math.max(0, Math.min(1, ((x - a.x) * dx + (y - a.y) * dy) / (dx * dx + dy * dy))) : 0;
  return Math.hypot(x - a.x - along * dx, y - a.y - along * dy);
}
