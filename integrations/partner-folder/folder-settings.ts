/** What is wrong with a partner folder's settings, by the end of a sentence about each. */

export function folderProblem(value: string): string | null {
  return value.startsWith("/") && !value.split("/").includes("..")
    ? null
    : "must be an absolute path without .., e.g. /srv/partners/acme";
}

export function secondsProblem(value: string): string | null {
  return /^\d{1,4}(\.\d)?$/.test(value) ? null : "must be seconds from 0 to 9999";
}

export const FOLDER_KEY_MEANING = "what key.txt in the folder holds, where there is one";
