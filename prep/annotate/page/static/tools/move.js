// Moves the image: the tool for one finger, where there is neither a space bar nor a wheel.

import { Tool } from "./tool.js";

export class Move extends Tool {
  static id = "move";
  static title = "Move";
  static key = "y";
  static hint = "Drag to move the image. Two fingers move and zoom with every tool.";
  static cursor = "grab";
  static pans = true; // the pointers do it
}
