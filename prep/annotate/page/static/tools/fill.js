// Fills what is connected to a point, of one label and of nearly one colour.

import { RegionTool } from "./region.js";

export class Fill extends RegionTool {
  static id = "fill";
  static title = "Fill";
  static key = "g";
  static hint = "Click: what is connected and alike in colour is filled, up to other labels. More tolerance takes in more colours, 100 % all.";
  options = [
    { id: "tolerance", label: "Tolerance", type: "range", min: 0, max: 100, step: 1, value: 10, unit: "%",
      keys: ["[", "]"] },
  ];

  get kind() {
    return `tool=fill&tolerance=${this.options[0].value}`;
  }

  get dependsOnMask() {
    return true;
  }

  down(point) {
    this.fill(point);
  }
}
