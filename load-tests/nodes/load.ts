/**
 * Reservations by name, each a call of its own, sent over the fabric as a gateway sends them; and the book of
 * what was answered, which is compared with the stock at the end.
 *
 * L1 a call whose outcome nobody knew is asked again with the same ids until it is answered: after the load
 *    every call is applied or refused, and the stock has to say the same
 */
import { build, type Histogram } from "hdr-histogram-js";
import type { StockCommand } from "../../actors/commands.ts";
import type { Random } from "../../config/seeded-random.ts";
import type { AllocatorClient, PositionView } from "../../engine/allocator-client.ts";
import { EngineError } from "../../engine/errors.ts";

export const LOCATION = "east";
const TICK_MS = 2;
const AGAIN_AFTER_MS = 100;
const READ_WITHIN_MS = 60_000;
/** Of calls to SKUs of which there are few, so that they sell out under load. */
const SCARCE_SHARE = 1 / 16;

export type Stock = {
  readonly spread: readonly string[];
  readonly scarce: readonly string[];
  readonly hot: string;
};

/** What sells: every SKU alike and a few that sell out, or one alone. */
export type Traffic = "spread" | "hot";

/** SKUs of which there are many, and those that sell out. */
type Sells = { readonly plenty: readonly string[]; readonly scarce: readonly string[] };

export type Window = {
  readonly calls: number;
  readonly seconds: number;
  readonly callsPerS: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Calls by the node that had the SKU when they were asked. */
  readonly byOwner: ReadonlyMap<string, number>;
};

export class Load {
  private readonly stock: AllocatorClient;
  private readonly goods: Stock;
  private readonly random: Random;
  private readonly ownerOf: (sku: string) => string | null;
  private readonly applied = new Map<string, number>();
  private asked = 0;
  private askedAgain = 0;
  private readonly refusals = new Map<string, number>();

  constructor(options: {
    readonly stock: AllocatorClient;
    readonly goods: Stock;
    readonly random: Random;
    readonly ownerOf: (sku: string) => string | null;
  }) {
    this.stock = options.stock;
    this.goods = options.goods;
    this.random = options.random;
    this.ownerOf = options.ownerOf;
  }

  /**
   * As many calls as are answered while so many are under way at each node that has something of what sells:
   * none of them is idle because callers wait for another.
   */
  async closed(traffic: Traffic, seconds: number, underWayAtEach: number): Promise<Window> {
    const window = new Recording();
    const worker = async (sells: Sells): Promise<void> => {
      while (window.elapsed() < seconds) await this.call(this.pick(sells), performance.now(), window);
    };
    const workers = this.byOwner(this.sellsIn(traffic)).flatMap((sells) =>
      Array.from({ length: underWayAtEach }, () => worker(sells)),
    );
    await Promise.all(workers);
    return window.end();
  }

  /** So many calls a second, whatever is answered; each waits from when it was due. */
  async open(traffic: Traffic, seconds: number, perSecond: number): Promise<Window> {
    const window = new Recording();
    const calls: Promise<void>[] = [];
    const sells = this.sellsIn(traffic);
    for (let sent = 0; sent < seconds * perSecond; ) {
      const due = Math.min(window.elapsed(), seconds) * perSecond;
      for (; sent < due; sent += 1)
        calls.push(this.call(this.pick(sells), window.beganAt + (sent / perSecond) * 1_000, window));
      await pause(TICK_MS);
    }
    await Promise.all(calls);
    return window.end();
  }

  /**
   * Compares what was answered with what a node says.
   *
   * @param units that each scarce SKU had
   */
  async audit(reader: Pick<AllocatorClient, "positions">, units: number): Promise<AuditCounts> {
    const { spread, scarce, hot } = this.goods;
    const views = new Map<string, PositionView>();
    const skus = [...spread, ...scarce, hot];
    for (let from = 0; from < skus.length; from += 500)
      for (const view of await readAgain(() => reader.positions(skus.slice(from, from + 500))))
        views.set(view.sku, view);
    const counts = { oversold: 0, lost: 0, doubled: 0, unsold: 0 };
    for (const sku of skus) {
      const view = views.get(sku);
      const applied = this.applied.get(sku) ?? 0;
      const reserved = view?.reserved ?? 0;
      counts.oversold += Math.max(0, reserved - (view?.onHand ?? 0));
      counts.lost += Math.max(0, applied - reserved);
      counts.doubled += Math.max(0, reserved - applied);
    }
    // One that was refused although there was stock.
    if ((this.refusals.get("insufficient_stock") ?? 0) > 0)
      for (const sku of scarce)
        if (this.soldOut.has(sku)) counts.unsold += Math.max(0, units - (this.applied.get(sku) ?? 0));
    return {
      ...counts,
      calls: this.asked,
      askedAgain: this.askedAgain,
      soldOutSkus: this.soldOut.size,
      refusals: Object.fromEntries(this.refusals),
    };
  }

  private readonly soldOut = new Set<string>();

  private async call(sku: string, dueAt: number, window: Recording): Promise<void> {
    this.asked += 1;
    const id = `nodes-${this.asked}`;
    const command: StockCommand = {
      type: "reserve",
      commandId: id,
      holdId: id,
      sku,
      locationId: LOCATION,
      quantity: 1,
      expiresAtMs: 0,
      atMs: Date.now(),
      cause: "measure",
    };
    const owner = this.ownerOf(sku) ?? "";
    for (;;) {
      try {
        const [outcome] = await this.stock.execute([command]);
        if (outcome?.status === "applied") this.applied.set(sku, (this.applied.get(sku) ?? 0) + 1);
        else {
          const code = outcome?.code ?? "none";
          this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1);
          if (code === "insufficient_stock") this.soldOut.add(sku);
        }
        break;
      } catch (error) {
        // L1
        if (!(error instanceof EngineError)) throw error;
        this.askedAgain += 1;
        await pause(AGAIN_AFTER_MS);
      }
    }
    window.answered(performance.now() - dueAt, owner);
  }

  private sellsIn(traffic: Traffic): Sells {
    const { hot, scarce, spread } = this.goods;
    return traffic === "hot" ? { plenty: [hot], scarce: [] } : { plenty: spread, scarce };
  }

  /** The same by the node that has it now. */
  private byOwner({ plenty, scarce }: Sells): readonly Sells[] {
    const owners = new Set([...plenty, ...scarce].map(this.ownerOf));
    return [...owners].map((owner) => ({
      plenty: plenty.filter((sku) => this.ownerOf(sku) === owner),
      scarce: scarce.filter((sku) => this.ownerOf(sku) === owner),
    }));
  }

  private pick({ plenty, scarce }: Sells): string {
    const isScarce = scarce.length > 0 && this.random.chance(SCARCE_SHARE);
    return this.random.pick(isScarce ? scarce : plenty);
  }
}

export type AuditCounts = {
  /** Units reserved beyond what there was. */
  readonly oversold: number;
  /** Units that a caller was told it has, and has not. */
  readonly lost: number;
  /** Units reserved that nobody was told of. */
  readonly doubled: number;
  /** Units of sold-out SKUs that nobody has. */
  readonly unsold: number;
  readonly calls: number;
  readonly askedAgain: number;
  readonly soldOutSkus: number;
  readonly refusals: Readonly<Record<string, number>>;
};

/** Of several systems together. */
export function sumOfAudits(audits: readonly AuditCounts[]): AuditCounts {
  const sum = (of: (audit: AuditCounts) => number): number =>
    audits.reduce((total, audit) => total + of(audit), 0);
  const codes = new Set(audits.flatMap(({ refusals }) => Object.keys(refusals)));
  return {
    oversold: sum(({ oversold }) => oversold),
    lost: sum(({ lost }) => lost),
    doubled: sum(({ doubled }) => doubled),
    unsold: sum(({ unsold }) => unsold),
    calls: sum(({ calls }) => calls),
    askedAgain: sum(({ askedAgain }) => askedAgain),
    soldOutSkus: sum(({ soldOutSkus }) => soldOutSkus),
    refusals: Object.fromEntries(
      [...codes].map((code) => [code, sum(({ refusals }) => refusals[code] ?? 0)]),
    ),
  };
}

class Recording {
  readonly beganAt = performance.now();
  private readonly histogram: Histogram = build({ numberOfSignificantValueDigits: 3 });
  private readonly byOwner = new Map<string, number>();

  elapsed(): number {
    return (performance.now() - this.beganAt) / 1_000;
  }

  answered(ms: number, owner: string): void {
    this.histogram.recordValue(Math.max(1, Math.round(ms * 1_000)));
    this.byOwner.set(owner, (this.byOwner.get(owner) ?? 0) + 1);
  }

  end(): Window {
    const seconds = this.elapsed();
    const calls = this.histogram.totalCount;
    return {
      calls,
      seconds,
      callsPerS: calls / seconds,
      p50Ms: this.histogram.getValueAtPercentile(50) / 1_000,
      p99Ms: this.histogram.getValueAtPercentile(99) / 1_000,
      byOwner: this.byOwner,
    };
  }
}

/** A node that was started anew reads what it has from PostgreSQL first, which takes as long as it takes. */
async function readAgain<T>(read: () => Promise<T>): Promise<T> {
  const until = performance.now() + READ_WITHIN_MS;
  for (;;) {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof EngineError) || performance.now() > until) throw error;
      await pause(AGAIN_AFTER_MS);
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
