/** Stripe's form parameters, checked as strictly as Stripe does, with its own error bodies. Pure. */
import type { SimulatedRequest } from "../../../simulator-kit/exchange.ts";

/** An error as Stripe words it; `extra` joins the `error` object, e.g. the PaymentIntent concerned. */
export class StripeError extends Error {
  readonly status: number;
  readonly body: { readonly error: Readonly<Record<string, unknown>> };

  constructor(status: number, type: string, message: string, extra: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.status = status;
    const code = extra["code"];
    this.body = {
      error: {
        ...extra,
        ...(typeof code === "string"
          ? { doc_url: `https://stripe.com/docs/error-codes/${code.replaceAll("_", "-")}` }
          : {}),
        message,
        type,
      },
    };
  }
}

export const invalidRequest = (
  message: string,
  extra: Readonly<Record<string, unknown>> = {},
  status = 400,
) => new StripeError(status, "invalid_request_error", message, extra);

/**
 * @param isForBrowsers a publishable key will do
 * @throws StripeError 401 as Stripe answers a missing or wrong key. The sandbox takes every test key.
 */
export function checkStripeKey(request: SimulatedRequest, isForBrowsers = false): void {
  const authorization = request.headers["authorization"];
  const key = /^Bearer (\S+)$/.exec(authorization ?? "")?.[1];
  if (key === undefined) {
    throw invalidRequest(
      "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
      {},
      401,
    );
  }
  if (!(isForBrowsers ? /^[ps]k_test_\w{4,}$/ : /^sk_test_\w{4,}$/).test(key)) {
    throw invalidRequest(`Invalid API Key provided: ${key.slice(0, 8)}${"*".repeat(8)}`, {}, 401);
  }
}

export type StripeForm = {
  text(name: string): string | undefined;
  required(name: string): string;
  integer(name: string): number | undefined;
  flag(name: string): boolean | undefined;
  /** The members of `name[…]`. */
  group(name: string): Readonly<Record<string, string>>;
};

/**
 * @param known parameter names; one that ends in `[]` stands for any `name[…]`
 * @throws StripeError 400 on another content type, an unknown or a repeated parameter
 */
export function readStripeForm(request: SimulatedRequest, known: readonly string[]): StripeForm {
  const contentType = request.headers["content-type"] ?? "";
  if (request.body.length > 0 && !contentType.startsWith("application/x-www-form-urlencoded")) {
    throw invalidRequest(
      "Invalid request (check that your POST content type is application/x-www-form-urlencoded). If you have any questions, we can help at https://support.stripe.com/.",
    );
  }
  const values = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(request.body.toString("utf8"))) {
    const group = `${name.split("[")[0]}[]`;
    if (!known.includes(name) && !(name.includes("[") && known.includes(group))) {
      throw invalidRequest(`Received unknown parameter: ${name}`, { code: "parameter_unknown", param: name });
    }
    if (values.has(name) && !name.endsWith("[]")) {
      throw invalidRequest(`Invalid request: the parameter ${name} is given twice`, { param: name });
    }
    values.set(name, value);
  }
  return {
    text: (name) => values.get(name),
    required(name) {
      const value = values.get(name);
      if (value === undefined || value === "") {
        throw invalidRequest(`Missing required param: ${name}.`, {
          code: "parameter_missing",
          param: name,
        });
      }
      return value;
    },
    integer(name) {
      const value = values.get(name);
      if (value === undefined) return undefined;
      if (!/^-?\d{1,15}$/.test(value)) {
        throw invalidRequest(`Invalid integer: ${value}`, {
          code: "parameter_invalid_integer",
          param: name,
        });
      }
      return Number(value);
    },
    flag(name) {
      const value = values.get(name);
      if (value === undefined || value === "true" || value === "false") {
        return value === undefined ? undefined : value === "true";
      }
      throw invalidRequest(`Invalid boolean: ${value}`, { param: name });
    },
    group(name) {
      const members: Record<string, string> = {};
      for (const [key, value] of values) {
        if (key.startsWith(`${name}[`)) members[key.slice(name.length + 1, -1)] = value;
      }
      return members;
    },
  };
}
