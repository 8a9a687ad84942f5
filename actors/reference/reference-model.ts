/**
 * The slow, obvious twin of the stock actors, for property tests: every unit is a record of its own,
 * everything is counted from scratch, and all is written from the meaning of the commands and not from the
 * code beside it.
 *
 * One SKU at all of its locations. Units of a SKU tracked by serial are not paired with their serials before
 * they are picked, so serials are a list of their own here too.
 */
import type { PoolKind, StockCommand, Tracking } from "../commands.ts";

type Part = "reserved" | "allocated" | "picked";

type Unit = {
  at: string;
  /** The transfer that it is in transit with; empty: on hand. */
  transfer: string;
  lot: string;
  lotExpiresAtMs: number;
  apart: boolean;
  hold: string;
  part: Part | "";
};

type Serial = {
  serial: string;
  at: string;
  state: "stocked" | "set-apart" | "picked" | "in-transit";
  hold: string;
  transfer: string;
};

type ModelHold = { readonly id: string; readonly at: string; readonly pool: string; expiresAtMs: number };
type ModelPool = { readonly at: string; readonly pool: string; kind: PoolKind; units: number };
type ModelCount = {
  readonly at: string;
  readonly id: string;
  readonly discrepancy: number;
  readonly lot: string;
  readonly missing: readonly string[];
  readonly found: readonly string[];
};
type ModelDemand = {
  readonly id: string;
  readonly at: string;
  readonly pool: string;
  readonly priority: number;
  readonly notBeforeMs: number;
  open: boolean;
  waiting: number;
};

const NEVER = Number.POSITIVE_INFINITY;
const OK = "applied";

/** Buckets as they are counted from the units. */
type CountedBuckets = {
  readonly onHand: number;
  readonly reserved: number;
  readonly allocated: number;
  readonly picked: number;
  readonly unavailable: number;
  readonly safetyStock: number;
  readonly incoming: number;
  readonly fenced: number;
};

export class ReferenceSku {
  tracking: Tracking = "none";
  units: Unit[] = [];
  serials: Serial[] = [];
  holds: ModelHold[] = [];
  pools: ModelPool[] = [];
  counts: ModelCount[] = [];
  queue: ModelDemand[] = [];
  expected: { readonly at: string; readonly reference: string; quantity: number }[] = [];
  readonly reasons = new Map<string, Map<string, number>>();
  readonly safety = new Map<string, number>();
  /** Locations in the order in which something happened there first. */
  places: string[] = [];
  private nowMs = 0;

  buckets(at: string): CountedBuckets {
    const here = this.units.filter((unit) => unit.at === at);
    const onHand = here.filter((unit) => unit.transfer === "");
    const announced = this.expected.filter((each) => each.at === at);
    return {
      onHand: onHand.length,
      reserved: onHand.filter((unit) => unit.part === "reserved").length,
      allocated: onHand.filter((unit) => unit.part === "allocated").length,
      picked: onHand.filter((unit) => unit.part === "picked").length,
      unavailable: onHand.filter((unit) => unit.apart).length,
      safetyStock: this.safety.get(at) ?? 0,
      incoming: here.length - onHand.length + announced.reduce((sum, each) => sum + each.quantity, 0),
      fenced: this.pools.filter((pool) => pool.at === at).reduce((sum, pool) => sum + this.unfilled(pool), 0),
    };
  }

  unitsOf(hold: string, at: string, part?: Part): Unit[] {
    return this.units.filter(
      (unit) =>
        unit.hold === hold &&
        unit.at === at &&
        unit.transfer === "" &&
        (part === undefined || unit.part === part),
    );
  }

  heldBy(pool: string, at: string): number {
    return this.holds
      .filter((hold) => hold.pool === pool && hold.at === at)
      .reduce((sum, hold) => sum + this.unitsOf(hold.id, at).length, 0);
  }

  /** What `pool` (empty: everybody) may still promise: first its own fence, then what is in no fence. */
  sellable(at: string, pool: string): number {
    const free = this.free(at).length - (this.safety.get(at) ?? 0);
    const pools = this.pools.filter((each) => each.at === at);
    const fences = pools.reduce((sum, each) => sum + this.unfilled(each), 0);
    const own = pools.find((each) => each.pool === pool);
    if (own?.kind === "capped") return Math.min(free - fences, own.units - this.heldBy(pool, at));
    if (own?.kind !== "ring-fenced") return free - fences;
    const earlier = pools.slice(0, pools.indexOf(own)).reduce((sum, each) => sum + this.unfilled(each), 0);
    return Math.min(this.unfilled(own), Math.max(0, free - earlier)) + Math.max(0, free - fences);
  }

  /**
   * Time goes on to `nowMs`: dates of lots first, then holds and pre-orders in the
   * order in which they fall due.
   */
  advance(nowMs: number): void {
    this.nowMs = nowMs;
    for (const unit of this.units) {
      if (unit.transfer === "" && unit.hold === "" && !unit.apart && this.isPast(unit)) {
        this.setApart(unit, "expired");
      }
    }
    for (const at of this.places) this.fill([at]);
    const due = [
      ...this.holds
        .filter((hold) => hold.expiresAtMs > 0 && this.unitsOf(hold.id, hold.at, "reserved").length > 0)
        .map((hold) => ({ atMs: hold.expiresAtMs, kind: "hold", at: hold.at, id: hold.id })),
      ...this.queue
        .filter((entry) => !entry.open)
        .map((entry) => ({ atMs: entry.notBeforeMs, kind: "pre-order", at: entry.at, id: entry.id })),
    ]
      .filter((each) => each.atMs <= nowMs)
      .sort((a, b) => a.atMs - b.atMs || order(a.kind, b.kind) || order(a.at, b.at) || order(a.id, b.id));
    for (const { kind, at, id } of due) {
      if (kind === "hold") {
        this.giveBack(this.unitsOf(id, at, "reserved"));
        const hold = this.holds.find((each) => each.id === id && each.at === at);
        if (hold !== undefined) hold.expiresAtMs = 0;
        this.tidy();
        this.fill([at]);
      } else {
        const entry = this.queue.find((each) => each.id === id);
        if (entry !== undefined) entry.open = true;
        this.fill(this.byFree());
      }
    }
  }

  /** Returns `applied` or the code of the refusal. The command is valid. */
  apply(command: StockCommand): string {
    const result = this.change(command);
    if (result !== OK) return result;
    this.tidy();
    if (command.type === "enqueue-demand") this.fill(this.byFree());
    else this.fill([command.locationId]);
    return result;
  }

  private change(command: StockCommand): string {
    const at = command.locationId;
    switch (command.type) {
      case "receive": {
        const announced = this.expected.find(
          (each) => each.at === at && each.reference === command.reference,
        );
        if (command.reference !== undefined && this.inTransit(command.reference, at).length > 0) {
          return "reference_is_transfer";
        }
        const wrong = this.wrongArrival(command, command.quantity);
        if (wrong !== "") return wrong;
        this.arrive(at, command, command.quantity, "");
        if (announced !== undefined) announced.quantity -= Math.min(announced.quantity, command.quantity);
        return OK;
      }
      case "return-receive": {
        if (command.disposition === "scrapped") {
          if (this.misnamed(command)) return "not_tracked";
          this.place(at);
          return OK;
        }
        const wrong = this.wrongArrival(command, command.quantity);
        if (wrong !== "") return wrong;
        this.arrive(
          at,
          command,
          command.quantity,
          command.disposition === "restocked" ? "" : command.disposition,
        );
        return OK;
      }
      case "expect":
        if (
          this.inTransit(command.reference, at).length > 0 ||
          this.expected.some((each) => each.at === at && each.reference === command.reference)
        ) {
          return "reference_exists";
        }
        this.place(at);
        this.expected.push({ at, reference: command.reference, quantity: command.quantity });
        return OK;
      case "cancel-expected":
        if (this.inTransit(command.reference, at).length > 0) return "reference_is_transfer";
        this.expected = this.expected.filter(
          (each) => each.at !== at || each.reference !== command.reference,
        );
        return OK;
      case "adjust":
        return this.adjust(command, at);
      case "count":
        return this.count(command, at);
      case "approve-count":
      case "reject-count": {
        const count = this.counts.find((each) => each.at === at && each.id === command.countId);
        if (count === undefined) return "count_not_found";
        const result = command.type === "approve-count" ? this.book(count) : OK;
        if (result === OK) this.counts = this.counts.filter((each) => each !== count);
        return result;
      }
      case "set-safety-stock":
        this.place(at);
        this.safety.set(at, command.quantity);
        return OK;
      case "set-pool": {
        const own = this.poolOf(command.pool, at);
        if (command.kind === "capped" && command.units < this.heldBy(command.pool, at)) {
          this.tidy();
          return "stock_is_promised";
        }
        this.place(at);
        own.kind = command.kind;
        own.units = command.kind === "shared" ? 0 : command.units;
        return OK;
      }
      case "set-tracking":
        if (this.units.length > 0 || this.expected.length > 0) return "position_not_empty";
        this.tracking = command.tracking;
        return OK;
      case "transfer-out":
        return this.transferOut(command, at);
      case "transfer-in":
        return this.transferIn(command, at);
      case "quarantine":
        return this.quarantine(command, at);
      case "release-quarantine":
        return this.releaseQuarantine(command, at);
      case "reserve": {
        const pool = command.pool ?? "";
        if (this.holdAt(command.holdId, at) !== undefined || this.waits(command.holdId)) return "hold_exists";
        if (this.sellable(at, pool) < command.quantity) return "insufficient_stock";
        this.give(command.holdId, at, pool, command.quantity, command.expiresAtMs);
        return OK;
      }
      case "enqueue-demand":
        if (this.waits(command.holdId)) return "demand_exists";
        if (this.holds.some((hold) => hold.id === command.holdId)) return "hold_exists";
        this.queue.push({
          id: command.holdId,
          at,
          pool: command.pool ?? "",
          priority: command.priority,
          notBeforeMs: command.notBeforeMs,
          open: command.notBeforeMs <= this.nowMs,
          waiting: command.quantity,
        });
        return OK;
      case "cancel-demand":
        this.queue = this.queue.filter((entry) => entry.id !== command.holdId || entry.at !== at);
        return OK;
      case "claim":
        return this.holdAt(command.holdId, at) !== undefined || this.waits(command.holdId)
          ? "hold_exists"
          : "reservation_not_found";
      case "expire":
      case "expire-lot":
      case "open-demand":
        throw new Error("time is told by advance()");
      default:
        return this.changeHold(command, at);
    }
  }

  private changeHold(
    command: Extract<
      StockCommand,
      { type: "extend" | "release" | "allocate" | "deallocate" | "pick" | "short-pick" | "ship" }
    >,
    at: string,
  ): string {
    const hold = this.holdAt(command.holdId, at);
    if (hold === undefined) {
      return command.type === "release" || command.type === "deallocate" ? OK : "hold_not_found";
    }
    const reserved = this.unitsOf(hold.id, at, "reserved");
    const allocated = this.unitsOf(hold.id, at, "allocated");
    const picked = this.unitsOf(hold.id, at, "picked");
    switch (command.type) {
      case "extend":
        if (reserved.length === 0) return "hold_not_reserved";
        hold.expiresAtMs = command.expiresAtMs;
        return OK;
      case "release":
        if (reserved.length === 0) return "hold_not_reserved";
        if ((command.quantity ?? 0) > reserved.length) return "quantity_exceeds_hold";
        this.giveBack(fefo(reserved).slice(0, command.quantity));
        return OK;
      case "allocate":
        if (reserved.length === 0) return "hold_not_reserved";
        for (const unit of reserved) unit.part = "allocated";
        hold.expiresAtMs = 0;
        return OK;
      case "deallocate":
        if (command.quantity === undefined) {
          this.giveBack([...reserved, ...allocated, ...picked]);
          for (const serial of this.serials) {
            if (serial.hold === hold.id && serial.at === at)
              Object.assign(serial, { state: "stocked", hold: "" });
          }
          return OK;
        }
        if (command.of === "picked") {
          if (command.quantity > picked.length) return "quantity_exceeds_hold";
          if (this.misnamed(command)) return "not_tracked";
          let mine = this.serials.filter((serial) => serial.hold === hold.id && serial.at === at);
          if (mine.length > 0) {
            const names = command.serials;
            if ((names ?? mine).length !== command.quantity) return "serials_required";
            if (names?.some((name) => !mine.some((serial) => serial.serial === name)))
              return "serial_not_found";
            mine = mine.filter((serial) => names?.includes(serial.serial) ?? true);
          }
          this.giveBack(fefo(picked).slice(0, command.quantity));
          for (const serial of mine) Object.assign(serial, { state: "stocked", hold: "" });
          return OK;
        }
        if (command.quantity > reserved.length + allocated.length) return "quantity_exceeds_hold";
        this.giveBack([...fefo(reserved), ...fefo(allocated)].slice(0, command.quantity));
        return OK;
      case "pick": {
        if (allocated.length === 0) return "hold_not_allocated";
        if (command.quantity > allocated.length) return "quantity_exceeds_hold";
        if (this.misnamed(command)) return "not_tracked";
        const wrong = this.wrongSerials(command.serials ?? [], command.quantity, at, ["stocked"]);
        if (wrong !== "") return wrong;
        const good = fefo(allocated.filter((unit) => !this.isPast(unit)));
        if (good.length < command.quantity) return "lot_expired";
        for (const unit of good.slice(0, command.quantity)) unit.part = "picked";
        for (const serial of this.named(command.serials)) {
          Object.assign(serial, { state: "picked", hold: hold.id });
        }
        return OK;
      }
      case "short-pick": {
        if (allocated.length === 0) return "hold_not_allocated";
        if (command.missing > allocated.length) return "quantity_exceeds_hold";
        if (this.misnamed(command)) return "not_tracked";
        const names = command.serials ?? [];
        const mustName =
          command.effect === "write-off" || (command.effect === "quarantine" && names.length > 0);
        if (mustName) {
          const wrong = this.wrongSerials(names, command.missing, at, ["stocked"]);
          if (wrong !== "") return wrong;
        }
        const missing = fefo(allocated).slice(0, command.missing);
        for (const unit of missing) Object.assign(unit, { hold: "", part: "" });
        if (command.effect === "write-off") {
          this.units = this.units.filter((unit) => !missing.includes(unit));
          this.serials = this.serials.filter((serial) => !names.includes(serial.serial));
        } else if (command.effect === "quarantine") {
          for (const unit of missing) this.setApart(unit, command.reason);
          for (const serial of this.named(names)) serial.state = "set-apart";
        } else this.setPastApart(missing);
        return OK;
      }
      case "ship": {
        if (command.quantity > picked.length) return "quantity_exceeds_hold";
        if (this.misnamed(command)) return "not_tracked";
        if (this.tracking === "serial" && picked.length > 0) {
          const mine = this.serials.filter(
            (serial) => serial.state === "picked" && serial.hold === hold.id && serial.at === at,
          );
          const leaving =
            command.serials ??
            (command.quantity === picked.length ? mine.map((serial) => serial.serial) : []);
          if (leaving.length !== command.quantity) return "serials_required";
          if (leaving.some((name) => !mine.some((serial) => serial.serial === name))) {
            return "serial_not_found";
          }
          this.serials = this.serials.filter((serial) => !leaving.includes(serial.serial));
        }
        const leaving = fefo(picked).slice(0, command.quantity);
        this.units = this.units.filter((unit) => !leaving.includes(unit));
        const pool = this.pools.find((each) => each.at === at && each.pool === hold.pool);
        if (pool?.kind === "ring-fenced") pool.units -= Math.min(pool.units, leaving.length);
        return OK;
      }
    }
  }

  private adjust(command: Extract<StockCommand, { type: "adjust" }>, at: string): string {
    const onHand = this.onHand(at);
    if (command.expectedOnHand !== undefined && command.expectedOnHand !== onHand.length) {
      return "on_hand_changed";
    }
    const { delta, unavailableReason: reason } = command;
    if (delta > 0) {
      const wrong = this.wrongArrival(command, delta);
      if (wrong !== "") return wrong;
      this.arrive(at, command, delta, reason ?? "");
      return OK;
    }
    const missing = -delta;
    if (this.misnamed(command)) return "not_tracked";
    if (reason === undefined) {
      if (this.tracking === "lot" && command.lot === undefined) return "lot_required";
      if (this.tracking === "lot" && !onHand.some((unit) => unit.lot === command.lot)) return "lot_not_found";
      const wrong = this.wrongSerials(command.serials ?? [], missing, at, ["stocked"]);
      if (wrong !== "") return wrong;
      const free = this.free(at).filter((unit) => command.lot === undefined || unit.lot === command.lot);
      if (free.length < missing) return "stock_is_promised";
      this.remove(free.slice(0, missing), command.serials ?? []);
      return OK;
    }
    if (this.tracking === "lot") {
      if (command.lot !== undefined && !onHand.some((unit) => unit.lot === command.lot)) {
        return "lot_not_found";
      }
      const apart = fefo(onHand.filter((unit) => unit.apart && (command.lot ?? unit.lot) === unit.lot));
      if (apart.length < missing || this.reason(at, reason) < missing) return "quantity_exceeds_unavailable";
      this.remove(apart.slice(0, missing), []);
      this.addReason(at, reason, -missing);
      return OK;
    }
    const wrong = this.wrongSerials(command.serials ?? [], missing, at, ["stocked", "set-apart"]);
    if (wrong !== "") return wrong;
    const apart = onHand.filter((unit) => unit.apart);
    if (this.tracking === "serial") {
      const known = this.serials.filter((serial) => serial.at === at && serial.state === "set-apart");
      const leaving = known.filter((serial) => command.serials?.includes(serial.serial));
      if (known.length - leaving.length > apart.length - missing) return "serials_required";
    }
    if (this.reason(at, reason) < missing) return "quantity_exceeds_unavailable";
    this.remove(apart.slice(0, missing), command.serials ?? []);
    this.addReason(at, reason, -missing);
    return OK;
  }

  private count(command: Extract<StockCommand, { type: "count" }>, at: string): string {
    if (this.counts.some((each) => each.at === at)) return "count_pending";
    const onHand = this.onHand(at);
    if (command.expectedOnHand !== undefined && command.expectedOnHand !== onHand.length) {
      return "on_hand_changed";
    }
    if (this.misnamed(command)) return "not_tracked";
    let discrepancy = command.counted - onHand.length;
    let size = Math.abs(discrepancy);
    let missing: string[] = [];
    let found: string[] = [];
    if (this.tracking === "lot") {
      if (command.lot === undefined) return "lot_required";
      const ofLot = onHand.filter((unit) => unit.lot === command.lot);
      if (ofLot.length === 0) return "lot_not_found";
      discrepancy = command.counted - ofLot.length;
      size = Math.abs(discrepancy);
    } else if (this.tracking === "serial") {
      if (command.serials === undefined) return "serials_required";
      const stocked = this.serials.filter((serial) => serial.at === at && serial.state === "stocked");
      missing = stocked.map((serial) => serial.serial).filter((name) => !command.serials?.includes(name));
      found = command.serials.filter((name) => !stocked.some((serial) => serial.serial === name));
      if (this.named(found).length > 0) return "serial_exists";
      discrepancy = found.length - missing.length;
      size = found.length + missing.length;
    }
    const count = { at, id: command.countId, discrepancy, lot: command.lot ?? "", missing, found };
    if (size > command.threshold) {
      this.place(at);
      this.counts.push(count);
      return OK;
    }
    const booked = this.book(count);
    if (booked === OK) this.place(at);
    return booked;
  }

  private book(count: ModelCount): string {
    const { at, discrepancy, missing, found } = count;
    const onHand = this.onHand(at);
    const ofLot = onHand.filter((unit) => unit.lot === count.lot);
    if (this.tracking === "lot" && discrepancy !== 0) {
      const sample = ofLot[0];
      if (sample === undefined) return "lot_not_found";
      const past = this.isPast(sample);
      const losable = past
        ? ofLot.filter((unit) => unit.apart)
        : ofLot.filter((unit) => unit.hold === "" && !unit.apart);
      if (-discrepancy > losable.length) return "stock_is_promised";
      if (past && this.reason(at, "expired") + discrepancy < 0) return "stock_is_promised";
      if (discrepancy < 0) {
        this.remove(losable.slice(0, -discrepancy), []);
        if (past) this.addReason(at, "expired", discrepancy);
      } else {
        const names = { lot: sample.lot, lotExpiresAtMs: sample.lotExpiresAtMs };
        this.arrive(at, names, discrepancy, "");
      }
      return OK;
    }
    if (
      missing.some((name) => this.named([name])[0]?.state !== "stocked" || this.named([name])[0]?.at !== at)
    ) {
      return "serial_not_found";
    }
    if (this.named(found).length > 0) return "serial_exists";
    const free = this.free(at);
    if (discrepancy < 0 && free.length < -discrepancy) return "stock_is_promised";
    this.serials = this.serials.filter((serial) => !missing.includes(serial.serial));
    for (const serial of found) this.serials.push({ serial, at, state: "stocked", hold: "", transfer: "" });
    if (discrepancy < 0) this.remove(free.slice(0, -discrepancy), []);
    for (let unit = 0; unit < discrepancy; unit += 1) this.units.push(newUnit(at, "", 0));
    return OK;
  }

  private transferOut(command: Extract<StockCommand, { type: "transfer-out" }>, at: string): string {
    const to = command.toLocationId;
    if (
      this.inTransit(command.transferId, to).length > 0 ||
      this.expected.some((each) => each.at === to && each.reference === command.transferId)
    ) {
      return "transfer_exists";
    }
    if (this.misnamed(command)) return "not_tracked";
    if (command.lot !== undefined) {
      const ofLot = this.onHand(at).filter((unit) => unit.lot === command.lot);
      if (ofLot.length === 0) return "lot_not_found";
      if (this.isPast(ofLot[0] as Unit)) return "lot_expired";
    }
    const wrong = this.wrongSerials(command.serials ?? [], command.quantity, at, ["stocked"]);
    if (wrong !== "") return wrong;
    const free = fefo(this.free(at)).filter((unit) => command.lot === undefined || unit.lot === command.lot);
    if (free.length < command.quantity) return "insufficient_stock";
    this.place(to);
    for (const unit of free.slice(0, command.quantity)) {
      Object.assign(unit, { at: to, transfer: command.transferId });
    }
    for (const serial of this.named(command.serials)) {
      Object.assign(serial, { at: to, state: "in-transit", transfer: command.transferId });
    }
    return OK;
  }

  private transferIn(command: Extract<StockCommand, { type: "transfer-in" }>, at: string): string {
    const transit = fefo(this.inTransit(command.transferId, at));
    if (transit.length === 0) return "transfer_not_found";
    if (command.quantity > transit.length) return "quantity_exceeds_transfer";
    const serials = this.serials.filter(
      (serial) => serial.state === "in-transit" && serial.at === at && serial.transfer === command.transferId,
    );
    if (command.quantity > 0) {
      if (this.misnamed(command)) return "not_tracked";
      const candidates = transit.filter((unit) => command.lot === undefined || unit.lot === command.lot);
      if (candidates.length === 0) return "lot_not_found";
      if (candidates.length < command.quantity) return "quantity_exceeds_transfer";
      if (serials.length > 0) {
        const names =
          command.serials ??
          (command.quantity === transit.length ? serials.map((serial) => serial.serial) : []);
        if (names.length !== command.quantity) return "serials_required";
        if (names.some((name) => !serials.some((serial) => serial.serial === name))) {
          return "serial_not_found";
        }
        for (const serial of this.named(names)) Object.assign(serial, { state: "stocked", transfer: "" });
      }
      const arrived = candidates.slice(0, command.quantity);
      for (const unit of arrived) unit.transfer = "";
      this.setPastApart(arrived);
    }
    if (command.close === true) {
      this.units = this.units.filter((unit) => unit.at !== at || unit.transfer !== command.transferId);
      this.serials = this.serials.filter(
        (serial) =>
          serial.at !== at || serial.state !== "in-transit" || serial.transfer !== command.transferId,
      );
    }
    return OK;
  }

  private quarantine(command: Extract<StockCommand, { type: "quarantine" }>, at: string): string {
    if (this.misnamed(command)) return "not_tracked";
    if (this.tracking === "lot") {
      const ofLot = this.onHand(at).filter((unit) => unit.lot === command.lot);
      if (command.lot !== undefined && ofLot.length === 0) return "lot_not_found";
      if (ofLot.some((unit) => this.isPast(unit))) return "lot_expired";
    }
    const wrong = this.wrongSerials(command.serials ?? [], command.quantity, at, ["stocked"]);
    if (wrong !== "") return wrong;
    const free = fefo(this.free(at).filter((unit) => command.lot === undefined || unit.lot === command.lot));
    if (free.length < command.quantity) return "insufficient_stock";
    for (const unit of free.slice(0, command.quantity)) this.setApart(unit, command.reason);
    for (const serial of this.named(command.serials)) serial.state = "set-apart";
    return OK;
  }

  private releaseQuarantine(
    command: Extract<StockCommand, { type: "release-quarantine" }>,
    at: string,
  ): string {
    if (this.misnamed(command)) return "not_tracked";
    const onHand = this.onHand(at);
    if (command.lot !== undefined && !onHand.some((unit) => unit.lot === command.lot)) {
      return "lot_not_found";
    }
    const { quantity, serials } = command;
    const apart = fefo(
      onHand.filter(
        (unit) => unit.apart && (this.tracking !== "lot" || (command.lot ?? unit.lot) === unit.lot),
      ),
    );
    if (this.tracking === "lot" && apart.filter((unit) => !this.isPast(unit)).length < quantity) {
      return "lot_expired";
    }
    if (this.tracking === "serial") {
      const known = this.serials.filter((serial) => serial.at === at && serial.state === "set-apart");
      const canStayUnread = (serials ?? []).length === 0 && known.length <= apart.length - quantity;
      if (!canStayUnread) {
        const wrong = this.wrongSerials(serials ?? [], quantity, at, ["set-apart"]);
        if (wrong !== "") return wrong;
      }
    }
    if (this.reason(at, command.reason) < quantity) return "quantity_exceeds_unavailable";
    for (const unit of apart.filter((each) => !this.isPast(each)).slice(0, quantity)) unit.apart = false;
    this.addReason(at, command.reason, -quantity);
    for (const serial of this.named(serials)) serial.state = "stocked";
    return OK;
  }

  private onHand(at: string): Unit[] {
    return this.units.filter((unit) => unit.at === at && unit.transfer === "");
  }

  private free(at: string): Unit[] {
    return this.onHand(at).filter((unit) => unit.hold === "" && !unit.apart);
  }

  private inTransit(transfer: string, at: string): Unit[] {
    return this.units.filter((unit) => unit.at === at && unit.transfer === transfer);
  }

  private isPast(unit: Unit): boolean {
    return unit.lotExpiresAtMs > 0 && unit.lotExpiresAtMs <= this.nowMs;
  }

  private unfilled(pool: ModelPool): number {
    return pool.kind === "ring-fenced" ? Math.max(0, pool.units - this.heldBy(pool.pool, pool.at)) : 0;
  }

  private poolOf(pool: string, at: string): ModelPool {
    let own = this.pools.find((each) => each.at === at && each.pool === pool);
    if (own === undefined) {
      own = { at, pool, kind: "shared", units: 0 };
      this.pools.push(own);
    }
    return own;
  }

  private holdAt(id: string, at: string): ModelHold | undefined {
    return this.holds.find((hold) => hold.id === id && hold.at === at);
  }

  private waits(id: string): boolean {
    return this.queue.some((entry) => entry.id === id);
  }

  private place(at: string): void {
    if (!this.places.includes(at)) this.places.push(at);
  }

  private reason(at: string, reason: string): number {
    return this.reasons.get(at)?.get(reason) ?? 0;
  }

  private addReason(at: string, reason: string, units: number): void {
    const here = this.reasons.get(at) ?? new Map<string, number>();
    this.reasons.set(at, here);
    here.set(reason, (here.get(reason) ?? 0) + units);
    if (here.get(reason) === 0) here.delete(reason);
  }

  private setApart(unit: Unit, reason: string): void {
    unit.apart = true;
    this.addReason(unit.at, reason, 1);
  }

  private setPastApart(units: readonly Unit[]): void {
    for (const unit of units) if (this.isPast(unit)) this.setApart(unit, "expired");
  }

  private giveBack(units: readonly Unit[]): void {
    for (const unit of units) Object.assign(unit, { hold: "", part: "" });
    this.setPastApart(units);
  }

  private give(id: string, at: string, pool: string, quantity: number, expiresAtMs: number): void {
    if (this.holdAt(id, at) === undefined) this.holds.push({ id, at, pool, expiresAtMs });
    if (pool !== "") this.poolOf(pool, at);
    for (const unit of fefo(this.free(at)).slice(0, quantity)) {
      Object.assign(unit, { hold: id, part: "reserved" });
    }
  }

  private remove(units: readonly Unit[], serials: readonly string[]): void {
    this.units = this.units.filter((unit) => !units.includes(unit));
    this.serials = this.serials.filter((serial) => !serials.includes(serial.serial));
  }

  private arrive(
    at: string,
    names: { readonly lot?: string; readonly lotExpiresAtMs?: number; readonly serials?: readonly string[] },
    quantity: number,
    reason: string,
  ): void {
    this.place(at);
    const known = this.units.find((unit) => unit.lot !== "" && unit.lot === names.lot);
    const expiresAtMs = known?.lotExpiresAtMs ?? names.lotExpiresAtMs ?? 0;
    for (let count = 0; count < quantity; count += 1) {
      const unit = newUnit(at, names.lot ?? "", names.lot === undefined ? 0 : expiresAtMs);
      this.units.push(unit);
      if (reason !== "") this.setApart(unit, reason);
      else this.setPastApart([unit]);
    }
    const state = reason === "" ? "stocked" : "set-apart";
    for (const serial of names.serials ?? []) {
      this.serials.push({ serial, at, state, hold: "", transfer: "" });
    }
  }

  private misnamed(names: {
    readonly lot?: string;
    readonly lotExpiresAtMs?: number;
    readonly serials?: readonly string[];
  }): boolean {
    const lot = names.lot !== undefined || names.lotExpiresAtMs !== undefined;
    return (lot && this.tracking !== "lot") || (names.serials !== undefined && this.tracking !== "serial");
  }

  private wrongArrival(
    names: { readonly lot?: string; readonly lotExpiresAtMs?: number; readonly serials?: readonly string[] },
    quantity: number,
  ): string {
    if (this.misnamed(names)) return "not_tracked";
    if (this.tracking === "lot") {
      if (names.lot === undefined) return "lot_required";
      const known = this.units.find((unit) => unit.lot === names.lot);
      if (
        known !== undefined &&
        names.lotExpiresAtMs !== undefined &&
        known.lotExpiresAtMs !== names.lotExpiresAtMs
      ) {
        return "lot_mismatch";
      }
    }
    if (this.tracking === "serial") {
      if (names.serials?.length !== quantity) return "serials_required";
      if (this.named(names.serials).length > 0) return "serial_exists";
    }
    return "";
  }

  private wrongSerials(
    serials: readonly string[],
    quantity: number,
    at: string,
    states: readonly Serial["state"][],
  ): string {
    if (this.tracking !== "serial") return "";
    if (serials.length !== quantity) return "serials_required";
    const here = this.named(serials).filter((serial) => serial.at === at && states.includes(serial.state));
    return here.length === serials.length ? "" : "serial_not_found";
  }

  private named(serials: readonly string[] | undefined): Serial[] {
    return this.serials.filter((serial) => serials?.includes(serial.serial));
  }

  /** Locations, the one with the most to sell first. */
  private byFree(): string[] {
    return [...this.places].sort((a, b) => this.sellable(b, "") - this.sellable(a, ""));
  }

  /** Serves waiting demand at these places, one entry at a time, by turn, until no more can be served. */
  private fill(anywhere: readonly string[]): void {
    let places = anywhere;
    for (;;) {
      const turn = places
        .map((at) => ({
          at,
          entry: this.queue
            .filter((entry) => entry.open && (entry.at === "*" || entry.at === at))
            .sort((a, b) => a.priority - b.priority)
            .find((entry) => this.sellable(at, entry.pool) > 0),
        }))
        .find((each) => each.entry !== undefined);
      if (turn?.entry === undefined) return;
      const { at, entry } = turn;
      const units = Math.min(entry.waiting, this.sellable(at, entry.pool));
      this.give(entry.id, at, entry.pool, units, 0);
      entry.waiting -= units;
      this.queue = this.queue.filter((each) => each.waiting > 0);
      places = places.length > 1 ? this.byFree() : places;
    }
  }

  /** Drops what is empty: holds, rules and deliveries of nothing. */
  private tidy(): void {
    this.holds = this.holds.filter((hold) => this.unitsOf(hold.id, hold.at).length > 0);
    this.pools = this.pools.filter((pool) => pool.kind !== "shared" || this.heldBy(pool.pool, pool.at) > 0);
    this.expected = this.expected.filter((each) => each.quantity > 0);
  }
}

function newUnit(at: string, lot: string, lotExpiresAtMs: number): Unit {
  return { at, transfer: "", lot, lotExpiresAtMs, apart: false, hold: "", part: "" };
}

/** First expired first. */
function fefo(units: readonly Unit[]): Unit[] {
  return [...units].sort(
    (a, b) => (a.lotExpiresAtMs || NEVER) - (b.lotExpiresAtMs || NEVER) || order(a.lot, b.lot),
  );
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
