// What tools have in common: a tool overrides what it needs. Points are image coordinates {x, y}.

export class Tool {
  static id = "";
  static title = "";
  static key = "";
  static hint = "";
  static cursor = "crosshair";
  static pans = false; // whether a drag moves the image
  options = []; // fit(longer): the value that fits an image of so long a side, until a person chooses one
  actions = []; // { id, label, keys, run, enabled }: buttons beside the options; event "options" of the editor: enabled changed

  constructor(editor) {
    this.editor = editor;
  }

  /** Whether there is anything to do with it now. */
  get available() {
    return true;
  }

  /** The tool was chosen, or another one is. */
  activate() {}
  deactivate() {}

  /** The pointer moves with no button held. */
  hover(_point, _event) {}

  down(_point, _event) {}

  /** The pointer moves while it is down: every point since the last call. */
  move(_points, _event) {}

  up(_point, _event) {}

  /** Enter, Escape, Backspace and the like; whether the tool took the key. */
  key(_event) {
    return false;
  }

  /** Takes back a part of what is begun; false = there is none, the last step of the mask is undone. */
  undo() {
    return false;
  }

  /** Gives up what is begun. */
  cancel() {}

  /** Another tool or another image comes: what was begun is given up, unless a tool knows better. */
  leave() {
    this.cancel();
  }

  /** Draws guides in CSS pixels of the stage. */
  draw(_context, _view) {}
}

/** Strokes the path so that it shows on every photo: light with a dark rim. */
export function outline(context, color = "white") {
  context.lineJoin = "round";
  context.strokeStyle = "rgba(0, 0, 0, 0.65)";
  context.lineWidth = 3;
  context.stroke();
  context.strokeStyle = color;
  context.lineWidth = 1.25;
  context.stroke();
}

/** The path through points of the image, on the stage. */
export function trace(context, view, points) {
  context.beginPath();
  for (const { x, y } of points) {
    const at = view.toScreen(x, y);
    context.lineTo(at.x, at.y);
  }
}
