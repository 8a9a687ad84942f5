// Colours of the reference, which Redoc draws: those of the dashboard's tokens, light and dark.

const LIGHT = {
  surface: "#ffffff",
  surface2: "#f5f7f6",
  surface3: "#eef2f1",
  line: "#e1e7e5",
  lineStrong: "#c5d0cd",
  ink: "#10201d",
  ink2: "#46564f",
  accent: "#0a6b5c",
  good: ["#16703c", "#e3f5e9"],
  info: ["#1b5fae", "#e6f0fb"],
  warn: ["#875200", "#fdf1da"],
  bad: ["#b3261e", "#fdeae8"],
};

const DARK = {
  surface: "#121a19",
  surface2: "#172120",
  surface3: "#1f2b29",
  line: "#243230",
  lineStrong: "#3a4b48",
  ink: "#e7efed",
  ink2: "#a9bab6",
  accent: "#5ad2b8",
  good: ["#6fd596", "#12301e"],
  info: ["#8bbcf5", "#14283f"],
  warn: ["#f0bd62", "#352814"],
  bad: ["#ff9d92", "#3d1a17"],
};

/** Whether the page is dark now. */
export function isDark() {
  const { theme } = document.documentElement.dataset;
  return theme === undefined ? matchMedia("(prefers-color-scheme: dark)").matches : theme === "dark";
}

/** Of Redoc. */
export function redocTheme() {
  const font = 'ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", Arial, sans-serif';
  const mono = 'ui-monospace, "SF Mono", "Roboto Mono", "Liberation Mono", Menlo, monospace';
  const on = isDark() ? DARK : LIGHT;
  const answer = ([color, backgroundColor]) => ({ color, backgroundColor });
  return {
    breakpoints: { medium: "60rem", large: "90rem" },
    colors: {
      primary: { main: on.accent },
      success: { main: on.good[0] },
      warning: { main: on.warn[0] },
      error: { main: on.bad[0] },
      gray: { 50: on.surface2, 100: on.surface3 },
      text: { primary: on.ink, secondary: on.ink2 },
      border: { dark: on.lineStrong, light: on.line },
      responses: {
        success: answer(on.good),
        error: answer(on.bad),
        redirect: answer(on.warn),
        info: answer(on.info),
      },
    },
    schema: {
      linesColor: on.lineStrong,
      nestedBackground: on.surface2,
      typeNameColor: on.ink2,
      typeTitleColor: on.accent,
      requireLabelColor: on.bad[0],
      arrow: { color: on.ink2 },
    },
    sidebar: { width: "17rem", backgroundColor: on.surface2, textColor: on.ink, activeTextColor: on.accent },
    // Dark in both: samples are read as a terminal is.
    rightPanel: {
      backgroundColor: "#0b1110",
      textColor: "#e7efed",
      width: "38%",
      servers: {
        overlay: { backgroundColor: on.surface, textColor: on.ink },
        url: { backgroundColor: on.surface2 },
      },
    },
    fab: { backgroundColor: on.surface3, color: on.accent },
    codeBlock: { backgroundColor: "#172120" },
    typography: {
      fontSize: "15px",
      fontFamily: font,
      headings: { fontFamily: font, fontWeight: "650" },
      code: { fontFamily: mono, color: on.ink, backgroundColor: on.surface3, wrap: true },
      links: { color: on.accent },
    },
  };
}
