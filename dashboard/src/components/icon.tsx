/** The application's own small icon set: 24-unit line drawings, decorative unless given a label. */
const PATHS = {
  overview: ["M4 13h6V4H4zM14 20h6v-9h-6zM4 20h6v-3H4zM14 4v3h6V4z"],
  orders: ["M6 3h9l4 4v14H6z", "M9 11h7M9 15h7M9 7h3"],
  stock: ["M3 8l9-5 9 5v8l-9 5-9-5z", "M3 8l9 5 9-5M12 13v8"],
  pack: ["M4 8h16v12H4z", "M4 8l2-4h12l2 4M12 4v4M9 13l2.2 2.2L15.5 11"],
  returns: ["M9 14l-5-5 5-5", "M4 9h10a6 6 0 010 12h-3"],
  money: ["M3 6h18v12H3z", "M12 9a3 3 0 100 6 3 3 0 000-6zM6 9h.01M18 15h.01"],
  devices: ["M7 9h10v9H7z", "M12 9V5M10 5h4M10 13h.01M14 13h.01M4 12v4M20 12v4"],
  catalog: ["M3 12V4h8l10 10-8 8z", "M7.5 8.5h.01"],
  settings: ["M4 7h9M17 7h3M4 17h3M11 17h9", "M15 9a2 2 0 100-4 2 2 0 000 4zM9 19a2 2 0 100-4 2 2 0 000 4z"],
  system: ["M4 4h16v6H4zM4 14h16v6H4z", "M8 7h.01M8 17h.01M12 7h4M12 17h4"],
  search: ["M11 4a7 7 0 100 14 7 7 0 000-14zM20 20l-4-4"],
  sort: ["M8 10l4-4 4 4", "M8 14l4 4 4-4"],
  bookmark: ["M7 4h10v16l-5-4-5 4z"],
  keyboard: ["M3 7h18v11H3z", "M7 11h.01M11 11h.01M15 11h.01M18 11h.01M8 15h8"],
  chevron: ["M9 6l6 6-6 6"],
  back: ["M15 6l-6 6 6 6"],
  close: ["M6 6l12 12M18 6L6 18"],
  check: ["M5 12.5l4.5 4.5L19 7.5"],
  warning: ["M12 4l9 16H3z", "M12 10v4M12 17h.01"],
  info: ["M12 3a9 9 0 100 18 9 9 0 000-18z", "M12 11v5M12 8h.01"],
  clock: ["M12 3a9 9 0 100 18 9 9 0 000-18z", "M12 7v5l3 2"],
  truck: ["M3 6h11v10H3zM14 10h4l3 3v3h-7z", "M7 19a2 2 0 100-4 2 2 0 000 4zM17 19a2 2 0 100-4 2 2 0 000 4z"],
  home: ["M4 11l8-7 8 7v9H4z", "M10 20v-6h4v6"],
  link: ["M14 4h6v6M20 4l-9 9M18 14v6H4V6h6"],
  sun: [
    "M12 8a4 4 0 100 8 4 4 0 000-8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6L19 19M5 19l1.4-1.4M17.6 6.4L19 5",
  ],
  moon: ["M20 14.5A8.5 8.5 0 019.5 4a8.5 8.5 0 1010.5 10.5z"],
  more: ["M5 12h.01M12 12h.01M19 12h.01"],
  leave: ["M10 4H4v16h6", "M15 8l4 4-4 4M19 12H9"],
  plus: ["M12 5v14M5 12h14"],
  scan: ["M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M8 9v6M12 9v6M16 9v6"],
  inbox: ["M4 13l3-8h10l3 8v6H4z", "M4 13h5l1.5 3h3L15 13h5"],
  copy: ["M9 9h11v11H9z", "M5 15H4V4h11v1"],
  robot: ["M5 9h14v10H5z", "M12 9V5M9.5 13.5h.01M14.5 13.5h.01M9 16.5h6M10.5 4h3"],
  conveyor: [
    "M3 15h18M6 19a2 2 0 100-4 2 2 0 000 4zM18 19a2 2 0 100-4 2 2 0 000 4zM12 19a2 2 0 100-4 2 2 0 000 4z",
    "M8 11V6h8v5z",
  ],
  rfid_portal: [
    "M5 20V7a3 3 0 013-3h8a3 3 0 013 3v13",
    "M9.5 13a3.5 3.5 0 015 0M12 16h.01M8 10.3a6 6 0 018 0",
  ],
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, label }: { readonly name: IconName; readonly label?: string }) {
  return label === undefined ? (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <Lines name={name} />
    </svg>
  ) : (
    <svg class="icon" viewBox="0 0 24 24" role="img" aria-label={label}>
      <Lines name={name} />
    </svg>
  );
}

function Lines({ name }: { readonly name: IconName }) {
  return PATHS[name].map((line) => <path key={line} d={line} />);
}
