/**
 * The name under which a browser keeps what it is sent (RFC 6266). Ids of channels are part of some names and
 * may hold anything, so what a header or a file system could take for something else is replaced.
 */

/** What an answer of bytes is called. */
export type FileName = {
  readonly name: string;
  /** A browser may show it in a window of its own; absent: it is kept. */
  readonly shown?: true;
};

/** Of the longest name that common file systems take, with room for ` (1)`. */
const LONGEST = 200;

/** @returns the value of `Content-Disposition` */
export function contentDisposition({ name, shown }: FileName): string {
  const kind = shown === true ? "inline" : "attachment";
  const safe = shortened(name.replace(/[\p{C}/\\:*?"<>|]/gu, "_").replace(/^\.+/, "_"));
  const plain = safe.replace(/[^\w.() -]/g, "_");
  const exact = plain === safe ? "" : `; filename*=UTF-8''${encoded(safe)}`;
  return `${kind}; filename="${plain}"${exact}`;
}

/** The end stays: by it programs know what a file is. */
function shortened(name: string): string {
  const characters = [...name];
  if (characters.length <= LONGEST) return name;
  const end = /\.\w{1,8}$/.exec(name)?.[0] ?? "";
  return characters.slice(0, LONGEST - end.length).join("") + end;
}

/** `encodeURIComponent` leaves some that RFC 8187 does not allow. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /['()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
