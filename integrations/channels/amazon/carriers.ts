/** Carriers by Amazon's codes; one that is not among them is "Other", by its name. */
const CODES = new Map(
  [
    "USPS",
    "UPS",
    "UPSMI",
    "FedEx",
    "FedEx SmartPost",
    "DHL",
    "DHL eCommerce",
    "OnTrac",
    "LaserShip",
    "Asendia",
    "Canada Post",
    "Purolator",
    "Royal Mail",
    "DPD",
    "Evri",
    "Yodel",
    "GLS",
    "Hermes",
    "Deutsche Post",
    "Colissimo",
    "Chronopost",
    "Correos",
    "Poste Italiane",
    "BRT",
    "PostNL",
    "Yamato Transport",
    "Sagawa Express",
    "Japan Post",
    "Australia Post",
    "Estafeta",
  ].map((code) => [plain(code), code]),
);

export function carrierOf(name: string): { readonly carrierCode: string; readonly carrierName?: string } {
  const code = CODES.get(plain(name));
  return code === undefined ? { carrierCode: "Other", carrierName: name } : { carrierCode: code };
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
}
