/**
 * Orders captured and shipped over time, with an axis, and each step's numbers by pointer, keyboard and as a
 * table.
 */
import { useEffect, useRef, useState } from "preact/hooks";
import type { OverviewRange, Throughput } from "../../../../contract/system.ts";
import { calendarDay, shortTime } from "../../format/time.ts";
import { ticksOf } from "./ticks.ts";

/** Until it is known how much room there is, in pixels. */
const FIRST_WIDTH = 720;
const HEIGHT = 200;
const LEFT = 36;
const BOTTOM = 22;
const TOP = 8;

const SERIES = [
  { name: "Captured", look: "first", of: "captured" },
  { name: "Shipped", look: "second", of: "shipped" },
] as const;

/** Every so many steps have their time below them, where there is room for it. */
const LABEL_EVERY: Readonly<Record<OverviewRange, number>> = { hour: 10, day: 4, month: 5 };
/** Pixels that a time needs below its step. */
const LABEL_ROOM = 76;
const STEP_NAME: Readonly<Record<OverviewRange, string>> = { hour: "minute", day: "hour", month: "day" };

export function ThroughputChart({
  data: { range, points },
  timeZone,
}: {
  readonly data: Throughput;
  readonly timeZone: string;
}) {
  const [at, setAt] = useState<number | null>(null);
  const [width, setWidth] = useState(FIRST_WIDTH);
  const figure = useRef<HTMLElement>(null);
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => {
      if (entry !== undefined) setWidth(Math.max(200, Math.floor(entry.contentRect.width)));
    });
    if (figure.current !== null) watch.observe(figure.current);
    return () => watch.disconnect();
  }, []);
  const most = Math.max(1, ...points.flatMap(({ captured, shipped }) => [captured, shipped]));
  const ticks = ticksOf(most);
  const top = ticks.at(-1) ?? most;
  const x = (index: number): number => LEFT + (index * (width - LEFT)) / Math.max(1, points.length - 1);
  const y = (value: number): number => HEIGHT - BOTTOM - (value * (HEIGHT - BOTTOM - TOP)) / top;
  const room = Math.max(1, Math.floor((width - LEFT) / LABEL_ROOM));
  const every = Math.max(LABEL_EVERY[range], Math.ceil(points.length / room));
  const name = (iso: string): string =>
    range === "month" ? calendarDay(iso, timeZone) : shortTime(iso, timeZone);
  const line = (of: "captured" | "shipped"): string =>
    points
      .map((point, index) => `${index === 0 ? "M" : "L"}${x(index).toFixed(1)} ${y(point[of]).toFixed(1)}`)
      .join("");
  const shown = at === null ? undefined : points[at];
  const sum = (of: "captured" | "shipped"): number => points.reduce((total, point) => total + point[of], 0);
  const pick = (event: PointerEvent & { readonly currentTarget: SVGSVGElement }): void => {
    const box = event.currentTarget.getBoundingClientRect();
    const share = (((event.clientX - box.left) / box.width) * width - LEFT) / (width - LEFT);
    setAt(Math.min(points.length - 1, Math.max(0, Math.round(share * (points.length - 1)))));
  };
  return (
    <figure class="chart" ref={figure}>
      <svg
        viewBox={`0 0 ${width} ${HEIGHT}`}
        role="img"
        aria-label={`Orders in each ${STEP_NAME[range]}: ${SERIES.map((one) => `${sum(one.of)} ${one.name.toLowerCase()}`).join(", ")} in all`}
        onPointerMove={pick}
        onPointerDown={pick}
        onPointerLeave={() => setAt(null)}
      >
        {ticks.map((tick) => (
          <g key={tick}>
            <line class="grid" x1={LEFT} x2={width} y1={y(tick)} y2={y(tick)} />
            <text class="axis-text" x={LEFT - 8} y={y(tick) + 4} text-anchor="end">
              {tick.toLocaleString()}
            </text>
          </g>
        ))}
        {points.map(
          (point, index) =>
            (points.length - 1 - index) % every === 0 && (
              <text
                key={point.at}
                class="axis-text"
                x={x(index)}
                y={HEIGHT - 4}
                text-anchor={index === points.length - 1 ? "end" : index === 0 ? "start" : "middle"}
              >
                {name(point.at)}
              </text>
            ),
        )}
        {SERIES.map((one) => (
          <g key={one.name} class={one.look}>
            <path
              class="area"
              d={`${line(one.of)}L${width} ${HEIGHT - BOTTOM}L${LEFT} ${HEIGHT - BOTTOM}Z`}
            />
            <path class="line" d={line(one.of)} />
            {shown !== undefined && at !== null && (
              <circle class="dot" cx={x(at)} cy={y(shown[one.of])} r="4" />
            )}
          </g>
        ))}
        {at !== null && <line class="cursor" x1={x(at)} x2={x(at)} y1={TOP} y2={HEIGHT - BOTTOM} />}
      </svg>
      <figcaption class="legend">
        {SERIES.map((one) => (
          <span key={one.name} class={one.look}>
            <span class="swatch" />
            {one.name} <b>{(shown?.[one.of] ?? sum(one.of)).toLocaleString()}</b>
          </span>
        ))}
        <span class="muted push">{shown === undefined ? "in all" : name(shown.at)}</span>
      </figcaption>
      <details class="chart-table">
        <summary>As a table</summary>
        <table class="table">
          <thead>
            <tr>
              <th scope="col">{STEP_NAME[range] === "day" ? "Day" : "Time"}</th>
              {SERIES.map((one) => (
                <th key={one.name} scope="col" class="number">
                  {one.name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {[...points].reverse().map((point) => (
              <tr key={point.at}>
                <td>{name(point.at)}</td>
                <td class="number">{point.captured.toLocaleString()}</td>
                <td class="number">{point.shipped.toLocaleString()}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  );
}
