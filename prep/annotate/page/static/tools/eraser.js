// A brush that makes pixels unlabelled again.

import { UNLABELLED } from "../mask.js";
import { Brush } from "./brush.js";

export class Eraser extends Brush {
  static id = "eraser";
  static title = "Eraser";
  static key = "e";
  static hint = "Make pixels unlabelled again. Shift+click erases along a straight line.";

  get value() {
    return UNLABELLED;
  }

  /** What is unlabelled already cannot be erased: "only unlabelled" says nothing here. */
  get only() {
    return null;
  }
}
