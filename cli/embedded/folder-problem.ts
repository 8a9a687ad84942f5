/** Failures of the data folder's disk, as messages that say what to do. */
import { errorCode, UserProblem } from "../problem.ts";

export const DISK_ADVICE =
  "Free some space (500 MB are enough to start), or choose another disk with HOLDFAST_DATA.";

/** What the system reports of a folder or disk, for the user. Anything else is passed on as it is. */
export function folderProblem(folder: string, error: unknown): unknown {
  const code = errorCode(error);
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new UserProblem("disk_full", `The disk that holds ${folder} is full.`, DISK_ADVICE, {
      cause: error,
    });
  }
  if (code === "EACCES" || code === "EPERM" || code === "EROFS" || code === "ENOTDIR" || code === "EEXIST") {
    return new UserProblem(
      "folder_not_writable",
      `Holdfast cannot write to its data folder ${folder} (${code}).`,
      "Give yourself the right to, or choose another folder with HOLDFAST_DATA.",
      { cause: error },
    );
  }
  return error;
}
