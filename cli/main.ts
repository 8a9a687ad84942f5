/** The `holdfast` command line. */
import { buildProgram } from "./program.ts";
import { runProgram } from "./run-program.ts";

await runProgram(buildProgram());
