/**
 * Leads from a lane's number to its entry in the table of reservations.
 *
 * Extendible hashing: the hash chooses, by a directory, one of many pages of 1,024 places, and within it the
 * place where a search begins. A page that is five eighths full is split in two. That moves some six hundred
 * entries and no others, so the index grows in steps of a tenth of a millisecond, however large it is.
 * Doubling one table instead stopped its shard for 240 ms at five million.
 *
 * Sixteen successive numbers of a lane share a page and a line of the cache, because lanes count up. A page
 * is searched as a ring: down the column in which the search begins, then down the next.
 *
 * Nobody sees where entries stand in the index. So the seed, which keeps clients from choosing numbers that
 * meet in one page, may differ from process to process.
 */

import { GrowableWords } from "./growable-words.ts";
import { LANE_AND_STATE, LANE_MASK, NUMBER, STRIDE_BITS } from "./reservation-entry.ts";

/** Places of a page that share a line of the cache. */
const COLUMN_BITS = 4;
const COLUMNS = 1 << COLUMN_BITS;
const BLOCK_BITS = 6;
const BLOCKS = 1 << BLOCK_BITS;
const BLOCK_MASK = BLOCKS - 1;
const PAGE_BITS = 10;
const PAGE = COLUMNS * BLOCKS;
const PAGE_MASK = PAGE - 1;
/** A search goes on to the first empty place: with five of eight places taken that is two or three away. */
const MAX_LOAD = (PAGE * 5) / 8;
/** About what a page holds between two splits: few pages that begin with so many are split. */
const USUAL_LOAD = MAX_LOAD * 0.75;
/** Bits of the hash that choose the page, at most. */
const MAX_DEPTH = 22;

/**
 * A place holds the entry and, above it, how many steps it lies from where a search for it begins, as far as
 * they can be counted. So entries of other numbers are told apart without reading them, which would be a miss
 * of the cache. The hash stands beside it, so that a page is split without reading its entries either (`npm
 * run bench -- --profile` shows what a split takes of a shard's time on a hot SKU).
 */
const ENTRY_BITS = 27;
const ENTRY_MASK = (1 << ENTRY_BITS) - 1;
const MAX_STEP = 31;

/** The index leads to entries up to this one. */
export const MAX_ENTRY = ENTRY_MASK;

export class ReservationIndex {
  private words: Int32Array;
  private readonly seed: number;
  private readonly memory = new GrowableWords(PAGE, 2 * (MAX_ENTRY + 1));
  private places = this.memory.all();
  private readonly hashMemory = new GrowableWords(PAGE, 2 * (MAX_ENTRY + 1));
  /** Of each place that is taken. */
  private hashes = this.hashMemory.all();
  private pageCount = 1;
  /** Where each page begins, by the bits of the hash. */
  private directory = new Int32Array(1);
  private directoryMask = 0;
  /** Of each page: how many bits of the hash it goes by, and how many entries it leads to. */
  private depths = new Uint8Array(64);
  private counts = new Int32Array(64);
  /** Of each lane. */
  private salts = new Int32Array(0);
  /** A page that is being split, as it was. */
  private readonly moving = new Int32Array(PAGE);
  private readonly movingHashes = new Int32Array(PAGE);
  /**
   * The empty place at which the last search ended: where the number that was not found belongs, with its
   * step and hash.
   */
  private vacancy = 0;
  private vacancyStep = 0;
  private vacancyHash = 0;

  constructor(words: Int32Array, seed: number) {
    this.words = words;
    this.seed = seed;
    this.saltLanes(64);
  }

  /** There are more entries, at the same places. */
  moveTo(words: Int32Array): void {
    this.words = words;
  }

  /**
   * Makes pages for so many entries at once, instead of splitting one after the
   * other. It must lead to none yet.
   */
  reserve(entries: number): void {
    let depth = 0;
    while (2 ** depth * USUAL_LOAD < entries && depth < MAX_DEPTH) depth += 1;
    for (let page = this.pageCount; page < 1 << depth; page += 1) this.addPage();
    this.depths.fill(depth, 0, this.pageCount);
    this.directory = Int32Array.from({ length: 1 << depth }, (_, page) => page << PAGE_BITS);
    this.directoryMask = this.directory.length - 1;
  }

  /** The entry of a lane's number; 0: not known. */
  find(lane: number, number: number): number {
    if (lane >= this.salts.length) this.saltLanes(lane + 1);
    const { words, places } = this;
    const hash = hashOf(this.salts[lane] as number, number);
    const page = this.directory[(hash >>> BLOCK_BITS) & this.directoryMask] as number;
    let ring = ringOf(hash, number);
    for (let step = 0; ; step = nextStep(step)) {
      const place = placeOf(page, ring);
      const word = places[place] as number;
      if (word === 0) {
        this.vacancy = place;
        this.vacancyStep = step;
        this.vacancyHash = hash;
        return 0;
      }
      if (word >>> ENTRY_BITS === step) {
        const entry = word & ENTRY_MASK;
        const at = entry << STRIDE_BITS;
        if (
          words[at + NUMBER] === (number | 0) &&
          ((words[at + LANE_AND_STATE] as number) & LANE_MASK) === lane
        ) {
          return entry;
        }
      }
      ring = (ring + 1) & PAGE_MASK;
    }
  }

  /** Leads to `entry` from the number that was just looked for and is not known. */
  add(lane: number, number: number, entry: number): void {
    let page = this.vacancy >>> PAGE_BITS;
    if ((this.counts[page] as number) >= MAX_LOAD) {
      this.split(page, this.vacancyHash >>> BLOCK_BITS);
      this.find(lane, number);
      page = this.vacancy >>> PAGE_BITS;
      if ((this.counts[page] as number) === PAGE - 1) throw new RangeError("a page of the index is full");
    }
    this.counts[page] = (this.counts[page] as number) + 1;
    this.places[this.vacancy] = (this.vacancyStep << ENTRY_BITS) | entry;
    this.hashes[this.vacancy] = this.vacancyHash;
  }

  /** Closes the gap, so that a search may end at the first empty place. */
  remove(lane: number, number: number, entry: number): void {
    const { places, hashes } = this;
    const hash = hashOf(this.salts[lane] as number, number);
    const page = this.directory[(hash >>> BLOCK_BITS) & this.directoryMask] as number;
    let gap = ringOf(hash, number);
    while (((places[placeOf(page, gap)] as number) & ENTRY_MASK) !== entry) gap = (gap + 1) & PAGE_MASK;
    this.counts[page >>> PAGE_BITS] = (this.counts[page >>> PAGE_BITS] as number) - 1;
    for (let ring = (gap + 1) & PAGE_MASK; ; ring = (ring + 1) & PAGE_MASK) {
      const place = placeOf(page, ring);
      const word = places[place] as number;
      if (word === 0) break;
      const steps = (ring - this.homeOf(word, ring, hashes[place] as number)) & PAGE_MASK;
      // It may fill the gap unless its search begins after it.
      const fewer = steps - ((ring - gap) & PAGE_MASK);
      if (fewer >= 0) {
        const filled = placeOf(page, gap);
        places[filled] = (Math.min(fewer, MAX_STEP) << ENTRY_BITS) | (word & ENTRY_MASK);
        hashes[filled] = hashes[place] as number;
        gap = ring;
      }
    }
    places[placeOf(page, gap)] = 0;
  }

  /** @param bits of the hash, of any number that belongs to the page */
  private split(page: number, bits: number): void {
    const depth = this.depths[page] as number;
    if (depth === MAX_DEPTH) return;
    if (1 << depth > this.directoryMask) this.doubleDirectory();
    const other = this.addPage();
    this.depths[page] = depth + 1;
    this.depths[other] = depth + 1;
    const step = 1 << (depth + 1);
    for (let at = (bits & ((1 << depth) - 1)) | (1 << depth); at <= this.directoryMask; at += step) {
      this.directory[at] = other << PAGE_BITS;
    }
    const { places, hashes, moving, movingHashes } = this;
    const from = page << PAGE_BITS;
    moving.set(places.subarray(from, from + PAGE));
    movingHashes.set(hashes.subarray(from, from + PAGE));
    places.fill(0, from, from + PAGE);
    this.counts[page] = 0;
    this.counts[other] = 0;
    for (let place = 0; place < PAGE; place += 1) {
      const word = moving[place] as number;
      if (word === 0) continue;
      const hash = movingHashes[place] as number;
      const half = (hash >>> (BLOCK_BITS + depth)) & 1 ? other : page;
      this.put(half, word & ENTRY_MASK, hash, this.homeOf(word, ringAt(place), hash));
    }
  }

  private put(page: number, entry: number, hash: number, home: number): void {
    const { places } = this;
    const from = page << PAGE_BITS;
    let ring = home;
    let step = 0;
    for (; places[placeOf(from, ring)] !== 0; step = nextStep(step)) ring = (ring + 1) & PAGE_MASK;
    const place = placeOf(from, ring);
    places[place] = (step << ENTRY_BITS) | entry;
    this.hashes[place] = hash;
    this.counts[page] = (this.counts[page] as number) + 1;
  }

  /**
   * Where the search begins for what stands at `ring`. The entry is read only where it lies far from there.
   */
  private homeOf(word: number, ring: number, hash: number): number {
    const steps = word >>> ENTRY_BITS;
    if (steps < MAX_STEP) return (ring - steps) & PAGE_MASK;
    return ringOf(hash, this.words[((word & ENTRY_MASK) << STRIDE_BITS) + NUMBER] as number);
  }

  private addPage(): number {
    const page = this.pageCount;
    this.pageCount += 1;
    if (this.pageCount << PAGE_BITS > this.places.length) {
      this.places = this.memory.grow();
      this.hashes = this.hashMemory.grow();
    }
    if (page === this.depths.length) {
      const depths = new Uint8Array(2 * page);
      depths.set(this.depths);
      this.depths = depths;
      const counts = new Int32Array(2 * page);
      counts.set(this.counts);
      this.counts = counts;
    }
    return page;
  }

  private doubleDirectory(): void {
    const { directory } = this;
    this.directory = new Int32Array(2 * directory.length);
    this.directory.set(directory);
    this.directory.set(directory, directory.length);
    this.directoryMask = this.directory.length - 1;
  }

  private saltLanes(count: number): void {
    const salts = new Int32Array(2 ** Math.ceil(Math.log2(count)));
    for (let lane = 0; lane < salts.length; lane += 1) salts[lane] = saltOf(this.seed, lane);
    this.salts = salts;
  }
}

/** What keeps the numbers of one lane apart from those of the others. */
export function saltOf(seed: number, lane: number): number {
  return mixed(mixed(lane) ^ seed);
}

export function hashOf(salt: number, number: number): number {
  return mixed((number >>> 4) ^ salt);
}

/**
 * The same for sixteen successive numbers of a lane, except for the columns, which the upper bits of the hash
 * turn.
 */
function ringOf(hash: number, number: number): number {
  return (((number ^ (hash >>> 28)) & (COLUMNS - 1)) << BLOCK_BITS) | (hash & BLOCK_MASK);
}

function placeOf(page: number, ring: number): number {
  return page | ((ring & BLOCK_MASK) << COLUMN_BITS) | (ring >>> BLOCK_BITS);
}

/** Where in the ring a place of a page is. */
function ringAt(place: number): number {
  return ((place & (COLUMNS - 1)) << BLOCK_BITS) | (place >>> COLUMN_BITS);
}

function mixed(bits: number): number {
  let hash = Math.imul(bits ^ (bits >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return hash ^ (hash >>> 16);
}

function nextStep(step: number): number {
  return step < MAX_STEP ? step + 1 : MAX_STEP;
}
