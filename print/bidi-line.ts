/**
 * From a text in the order in which it is read to the pieces of a line in the order in which they stand on
 * paper. Pure; knows of fonts only that each letter has one, and how wide a piece is.
 *
 * B1 A piece is of one font and one direction and has no space in it: within it the font shapes its letters
 *    and, where its script runs from right to left, turns them round. Pieces are put side by side here.
 * B2 Lines end between words, or within one where a word is wider than the line.
 */
import bidiFactory, { type Bidi } from "bidi-js";

export type Piece<Font> = {
  /** In the order in which it is read, brackets mirrored where that is from right to left. */
  readonly text: string;
  readonly font: Font;
};

export type Line<Font> = {
  /** From left to right. */
  readonly pieces: readonly Piece<Font>[];
  /** Where the text as a whole runs from right to left its lines end at the left. */
  readonly isRightToLeft: boolean;
};

/** How text is set. */
export type Setting<Font> = {
  /** Of a letter with its marks; `before` is the font of the one before it. */
  fontOf(cluster: string, before: Font | null): Font;
  widthOf(piece: Piece<Font>): number;
};

type Cluster<Font> = {
  readonly text: string;
  readonly font: Font;
  readonly level: number;
  readonly isSpace: boolean;
};

// Its typings are those of its ES module, and Node loads the other one, whose export is the function itself.
const bidi = (bidiFactory as unknown as () => Bidi)();
const graphemes = new Intl.Segmenter("und", { granularity: "grapheme" });
const words = new Intl.Segmenter("und", { granularity: "word" });
/** Has its letters from right to left, so that the font turns them round itself. */
const RIGHT_TO_LEFT =
  /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/u;
const OPENS = /^[\p{Ps}\p{Pi}]+$/u;

/**
 * @param text one paragraph, without line ends
 * @param width of a line, in the unit of `widthOf`
 */
export function setLines<Font>(text: string, width: number, setting: Setting<Font>): readonly Line<Font>[] {
  const { levels, paragraphs } = bidi.getEmbeddingLevels(text);
  const isRightToLeft = ((paragraphs[0]?.level ?? 0) & 1) === 1;
  const mirrored = bidi.getMirroredCharactersMap(text, levels);
  const clusters: Cluster<Font>[] = [];
  for (const { segment, index } of graphemes.segment(text)) {
    const isSpace = /^\s+$/u.test(segment);
    const before = clusters.at(-1)?.font ?? null;
    clusters.push({
      text: mirrored.get(index) ?? segment,
      font: isSpace && before !== null ? before : setting.fontOf(segment, before),
      level: levels[index] ?? 0,
      isSpace,
    });
  }
  return breakLines(text, clusters, width, setting).map((line) => ({
    pieces: inOrder(withoutEnd(line)),
    isRightToLeft,
  }));
}

/** B2 */
function breakLines<Font>(
  text: string,
  clusters: readonly Cluster<Font>[],
  width: number,
  setting: Setting<Font>,
): readonly (readonly Cluster<Font>[])[] {
  const lines: (readonly Cluster<Font>[])[] = [];
  let line: readonly Cluster<Font>[] = [];
  const fits = (more: readonly Cluster<Font>[]) =>
    inOrder(withoutEnd(more)).reduce((sum, piece) => sum + setting.widthOf(piece), 0) <= width;
  const end = () => {
    if (line.length > 0) lines.push(line);
    line = [];
  };
  for (const unit of unitsOf(text, clusters)) {
    if (fits([...line, ...unit])) {
      line = [...line, ...unit];
      continue;
    }
    end();
    for (const cluster of unit) {
      if (line.length > 0 && !fits([...line, cluster])) end();
      line = [...line, cluster];
    }
  }
  end();
  return lines.length === 0 ? [[]] : lines;
}

/** What stays together: a word with the marks and spaces behind it, and brackets that open before it. */
function unitsOf<Font>(
  text: string,
  clusters: readonly Cluster<Font>[],
): readonly (readonly Cluster<Font>[])[] {
  const ends = new Set<number>();
  let opening = false;
  for (const { segment, index, isWordLike } of words.segment(text)) {
    const begins = isWordLike === true || OPENS.test(segment);
    if (begins && !opening) ends.add(index);
    opening = OPENS.test(segment) || (opening && isWordLike !== true);
  }
  const units: Cluster<Font>[][] = [];
  let at = 0;
  for (const [index, { segment }] of [...graphemes.segment(text)].entries()) {
    const cluster = clusters[index];
    if (cluster === undefined) break;
    if (units.length === 0 || (ends.has(at) && at > 0)) units.push([]);
    units.at(-1)?.push(cluster);
    at += segment.length;
  }
  return units;
}

function withoutEnd<Font>(line: readonly Cluster<Font>[]): readonly Cluster<Font>[] {
  const last = line.findLastIndex(({ isSpace }) => !isSpace);
  return line.slice(0, last + 1);
}

/**
 * B1: pieces as they are read, then turned round by their levels (rule L2 of the Unicode bidirectional
 * algorithm).
 */
function inOrder<Font>(line: readonly Cluster<Font>[]): readonly Piece<Font>[] {
  const runs: {
    clusters: Cluster<Font>[];
    readonly level: number;
    readonly font: Font;
    readonly isSpace: boolean;
  }[] = [];
  for (const cluster of line) {
    const last = runs.at(-1);
    const { level, font, isSpace } = cluster;
    if (last === undefined || last.level !== level || last.font !== font || last.isSpace !== isSpace) {
      runs.push({ clusters: [cluster], level, font, isSpace });
    } else last.clusters.push(cluster);
  }
  const highest = Math.max(0, ...runs.map(({ level }) => level));
  for (let level = highest; level > 0; level -= 1) {
    for (let from = 0; from < runs.length; from += 1) {
      let to = from;
      while ((runs[to]?.level ?? -1) >= level) to += 1;
      if (to > from + 1) runs.splice(from, to - from, ...runs.slice(from, to).reverse());
      if (to > from) from = to;
    }
  }
  return runs.map(({ clusters, level, font }) => {
    const text = clusters.map((cluster) => cluster.text).join("");
    // What has no letter of such a script is not turned round by the font.
    const isTurned = (level & 1) === 1 && !RIGHT_TO_LEFT.test(text);
    return {
      text: isTurned
        ? clusters
            .map((cluster) => cluster.text)
            .reverse()
            .join("")
        : text,
      font,
    };
  });
}
