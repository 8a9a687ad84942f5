/** Before anything is started: whether the gateway can serve on this machine at all. */
import { loadNativeServer, NativeServerMissing } from "../../gateway/http/native-server.ts";
import { UserProblem } from "../problem.ts";

/** Throws a `UserProblem` where no build of the native server loads. */
export async function requireNativeServer(load: () => Promise<unknown> = loadNativeServer): Promise<void> {
  try {
    await load();
  } catch (error) {
    if (!(error instanceof NativeServerMissing)) throw error;
    throw new UserProblem(
      error.code,
      error.message,
      "Use Node 22, or for Node 24 a system with a newer C library (Debian 13, Ubuntu 24.04); then `npm install` again.",
      { cause: error },
    );
  }
}
