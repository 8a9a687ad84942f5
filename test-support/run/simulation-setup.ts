import { buildProgram } from "./build-program.ts";

/** The simulation runs the built program in threads and processes of its own. It needs no server. */
export default function setup(): void {
  buildProgram();
}
