// All tools, in the order of the toolbar.

import { Brush } from "./brush.js";
import { Eraser } from "./eraser.js";
import { Lasso } from "./lasso.js";
import { Polygon } from "./polygon.js";

export const TOOLS = [Brush, Eraser, Polygon, Lasso];
