import { buildProgram } from "./build-program.ts";

/** The simulation runs the built program in threads and processes of its own; it needs no server. */
export default function setup(): void {
  buildProgram();
}
