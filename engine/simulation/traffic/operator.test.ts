import { expect, it } from "vitest";
import { Random } from "../../../config/seeded-random.ts";
import { Checker } from "../audit/checker.ts";
import { noFaults } from "../world/fault-count.ts";
import { SimulatedDisk } from "../world/simulated-disk.ts";
import { VirtualTime } from "../world/virtual-time.ts";
import { calm, drawWeather } from "../world/weather.ts";
import { KITS, LOCATIONS } from "./assortment.ts";
import { Operator } from "./operator.ts";

const SEEDS = 20;
const SHARDS = 2;

/** Longer than any start takes in calm weather. */
const STARTED_MS = 100;

function newOperator(seed: number) {
  const random = new Random(seed);
  const time = new VirtualTime();
  const weather = calm(drawWeather(random.fork()));
  const disk = new SimulatedDisk(SHARDS);
  const checker = new Checker(disk, KITS);
  disk.witness = checker;
  const operator = new Operator(time, random.fork(), {
    disk,
    checker,
    locations: LOCATIONS,
    kits: KITS,
    random: random.fork(),
    weather: () => weather,
    faults: noFaults(),
    story: null,
    shares: false,
  });
  const pass = (ms: number) => {
    let isOver = false;
    time.after(ms, () => {
      isOver = true;
    });
    return time.run(() => isOver);
  };
  const currentHasShards = () => {
    const current = operator.owner(false);
    return current !== null && current.client !== null && disk.isHeldBy(current.process.name, SHARDS - 1);
  };
  return { operator, pass, currentHasShards };
}

it("asks an owner that has the shards, whichever of two that started at once took them last", async () => {
  let fenced = 0;
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const { operator, pass, currentHasShards } = newOperator(seed);
    operator.start();
    operator.start();
    await pass(STARTED_MS);
    if (!currentHasShards()) fenced += 1;
    operator.settle(false);
    await pass(STARTED_MS);
    expect(currentHasShards(), `seed ${seed}`).toBe(true);
  }
  expect(fenced).toBeGreaterThan(0);
  expect(fenced).toBeLessThan(SEEDS);
});

it("lets nobody take the shards over once faults are over", async () => {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const { operator, pass, currentHasShards } = newOperator(seed);
    operator.start();
    operator.start();
    operator.settle(false);
    await pass(STARTED_MS);
    expect(currentHasShards(), `seed ${seed}`).toBe(true);
  }
});
