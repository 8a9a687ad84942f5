/**
 * What the command line writes: results on standard output, everything about progress on standard error, so
 * that `--json` output can be piped. Colours and moving lines only where a person watches.
 */
import { stripVTControlCharacters, styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

const SPINNER = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const FRAME_MS = 90;

export function isInteractive(stream: NodeJS.WriteStream = process.stdout): boolean {
  return stream.isTTY === true && process.env["TERM"] !== "dumb";
}

/** Colours text where the terminal can show it and NO_COLOR does not forbid it. */
export function paint(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return isInteractive(stream) && !process.env["NO_COLOR"] ? styleText(style, text) : text;
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** One document on one line. */
export function printJson(document: unknown): void {
  process.stdout.write(`${JSON.stringify(document)}\n`);
}

export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** A moment of an answer, to the second: `2026-11-24 06:23:51Z`. The Z says that it is UTC. */
export function momentText(iso: string): string {
  return `${iso.slice(0, 19).replace("T", " ")}Z`;
}

export function seconds(milliseconds: number): string {
  return milliseconds < 10_000
    ? `${(milliseconds / 1000).toFixed(1)} s`
    : `${Math.round(milliseconds / 1000)} s`;
}

/** Columns as wide as their widest cell; the columns in `right` are aligned to the right. */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = []): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, stripVTControlCharacters(cell).length);
    }
  }
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          const fill = " ".repeat((widths[column] ?? 0) - stripVTControlCharacters(cell).length);
          return right.includes(column) ? fill + cell : cell + fill;
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

export type Steps = {
  /** Runs one step of a start: a line with its name, what it found, and how long it took. */
  run<T>(name: string, work: (progress: (text: string) => void) => Promise<StepResult<T>>): Promise<T>;
};
type StepResult<T> = { readonly value: T; readonly detail?: string };

/** Steps on standard error; several may run at once, each printing its line when it is done. */
export function startSteps(): Steps {
  const stream = process.stderr;
  const running = new Map<string, string>();
  let timer: NodeJS.Timeout | undefined;
  let frame = 0;
  const clear = (): void => {
    if (timer !== undefined) stream.write("\r\x1b[2K");
  };
  const draw = (): void => {
    frame += 1;
    const names = [...running].map(([name, text]) => (text === "" ? name : `${name}: ${text}`)).join(" · ");
    const room = (stream.columns ?? 80) - 4;
    stream.write(
      `\r\x1b[2K${paint("cyan", SPINNER[frame % SPINNER.length] ?? "", stream)} ${names.slice(0, room)}`,
    );
  };
  const watch = (): void => {
    if (!isInteractive(stream)) return;
    if (running.size > 0 && timer === undefined) {
      timer = setInterval(draw, FRAME_MS);
      timer.unref();
    } else if (running.size === 0 && timer !== undefined) {
      clearInterval(timer);
      clear();
      timer = undefined;
    }
  };
  return {
    run: async (name, work) => {
      const began = Date.now();
      running.set(name, "");
      watch();
      try {
        const { value, detail } = await work((text) => {
          if (isInteractive(stream)) running.set(name, text);
          else note(`  … ${name}: ${text}`);
        });
        clear();
        const line = `${name.padEnd(12)} ${(detail ?? "").padEnd(46)}`;
        note(
          `${paint("green", "✓", stream)} ${line} ${paint("dim", seconds(Date.now() - began).padStart(7), stream)}`,
        );
        return value;
      } catch (error) {
        clear();
        note(`${paint("red", "✗", stream)} ${name}`);
        throw error;
      } finally {
        running.delete(name);
        watch();
      }
    },
  };
}
