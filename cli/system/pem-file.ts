/** Files in PEM form that a setting names, read once at the start. */
import { readFile } from "node:fs/promises";
import { reasonOf, UserProblem } from "../problem.ts";

/**
 * @param kind what is in it, as PEM names it: `CERTIFICATE`, `PRIVATE KEY`
 * @returns null where the setting names none
 * @throws UserProblem with this code, and the setting's name
 */
export async function readPem(
  variable: string,
  path: string | null,
  kind: "CERTIFICATE" | "PRIVATE KEY",
  code: string,
): Promise<string | null> {
  if (path === null) return null;
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new UserProblem(
      code,
      `${variable} names ${path}, which cannot be read: ${reasonOf(error)}.`,
      "Correct the setting, or let the process read the file.",
      { cause: error },
    );
  });
  if (text.includes(`${kind}-----`)) return text;
  throw new UserProblem(
    code,
    `${variable} names ${path}, which holds no PEM of a ${kind.toLowerCase()}.`,
    "Give the file in PEM form: it has lines -----BEGIN … -----.",
  );
}
