/** The bytes of files that are imported, part by part. */
import type { Queryable } from "../sql/database.ts";
import { openBytes, sealBytes } from "./sealed.ts";

const purposeOf = (id: string, at: number): string => `file of import ${id} from ${at}`;

/**
 * Adds what follows. A part that is there already, or begins elsewhere, changes nothing.
 *
 * @returns how many bytes are there now
 */
export async function addPart(
  client: Queryable,
  id: string,
  at: number,
  content: Uint8Array,
): Promise<number | null> {
  const { rows } = await client.query<{ bytes: number }>(
    `update import set bytes = bytes + $3, changed_at = now()
      where id = $1 and bytes = $2 and state = 'uploading' returning bytes`,
    [id, at, content.byteLength],
  );
  const [row] = rows;
  if (row === undefined) return null;
  await client.query("insert into import_part (import_id, at, length, content) values ($1, $2, $3, $4)", [
    id,
    at,
    content.byteLength,
    sealBytes(client, purposeOf(id, at), content),
  ]);
  return row.bytes;
}

/** @param most bytes; absent: the whole file */
export async function* readContent(
  database: Queryable,
  id: string,
  most: number = Number.POSITIVE_INFINITY,
): AsyncGenerator<Uint8Array> {
  let at = 0;
  while (at < most) {
    const { rows } = await database.query<{ content: Buffer; length: number }>(
      "select content, length from import_part where import_id = $1 and at = $2",
      [id, at],
    );
    const [part] = rows;
    if (part === undefined) return;
    yield openBytes(database, purposeOf(id, at), part.content);
    at += part.length;
  }
}
