// All tools, in the order of the toolbar.

import { Brush } from "./brush.js";
import { Edge } from "./edge.js";
import { Eraser } from "./eraser.js";
import { Fill } from "./fill.js";
import { Lasso } from "./lasso.js";
import { Move } from "./move.js";
import { ObjectTool } from "./object.js";
import { Polygon } from "./polygon.js";
import { ProposalTool } from "./proposal.js";
import { Superpixel } from "./superpixel.js";

export const TOOLS = [Brush, Eraser, Polygon, Lasso, Edge, Fill, Superpixel, Move, ObjectTool, ProposalTool];
