// For an image: makes the sagas' bundle beforehand. Else each start takes seconds for it, because the image's user may
// not write it down.
import { pino } from "pino";
import { loadWorkflowBundle } from "../dist/workflows/runtime/bundle.js";

await loadWorkflowBundle(pino({ level: "warn" }));
