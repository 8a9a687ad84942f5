import { calendarDay } from "../format/time.ts";
import { addDays, dayIn } from "./days.ts";
import { Menu } from "./menu.tsx";

/** From which day to which, both of them included; of the company's time zone. */
export function DayRange({
  label,
  from,
  to,
  timeZone,
  onChange,
}: {
  readonly label: string;
  readonly from: string;
  readonly to: string;
  /** IANA name, in which today begins. */
  readonly timeZone: string;
  readonly onChange: (range: { readonly from: string; readonly to: string }) => void;
}) {
  const today = dayIn(timeZone, new Date());
  const isSet = from !== "" || to !== "";
  const ranges = [
    ["Any day", "", ""],
    ["Today", today, today],
    ["Yesterday", addDays(today, -1), addDays(today, -1)],
    ["Last 7 days", addDays(today, -6), today],
    ["Last 30 days", addDays(today, -29), today],
  ] as const;
  return (
    <Menu label={isSet ? rangeText(from, to) : label} icon="clock" chosen={isSet}>
      {(close) => (
        <>
          <div class="menu-items">
            {ranges.map(([name, first, last]) => (
              <button
                key={name}
                type="button"
                class="menu-item"
                aria-pressed={first === from && last === to}
                onClick={() => {
                  close();
                  onChange({ from: first, to: last });
                }}
              >
                {name}
              </button>
            ))}
          </div>
          <div class="menu-fields">
            <label class="field">
              <span class="field-label">From</span>
              <input
                class="input"
                type="date"
                value={from}
                {...(to === "" ? {} : { max: to })}
                onChange={(event) => onChange({ from: event.currentTarget.value, to })}
              />
            </label>
            <label class="field">
              <span class="field-label">To</span>
              <input
                class="input"
                type="date"
                value={to}
                {...(from === "" ? {} : { min: from })}
                onChange={(event) => onChange({ from, to: event.currentTarget.value })}
              />
            </label>
            <p class="muted small">Days of {timeZone.replaceAll("_", " ")}</p>
          </div>
        </>
      )}
    </Menu>
  );
}

function rangeText(from: string, to: string): string {
  if (from === to) return calendarDay(from);
  if (to === "") return `Since ${calendarDay(from)}`;
  if (from === "") return `Until ${calendarDay(to)}`;
  return `${calendarDay(from)} to ${calendarDay(to)}`;
}
