import { type Tone, toneOf } from "../format/tone.ts";
import { words } from "../format/words.ts";

/** A status in its colour and in words, so that colour is never the only sign. */
export function Badge({
  status,
  label,
  tone,
}: {
  readonly status: string;
  readonly label?: string;
  readonly tone?: Tone;
}) {
  return <span class={`badge ${tone ?? toneOf(status)}`}>{label ?? words(status)}</span>;
}
