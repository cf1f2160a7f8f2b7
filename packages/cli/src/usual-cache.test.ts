import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { usualCache } from "./usual-cache.js";

const HOME = resolve("/home/ada");
const CACHE = resolve("/var/cache/ada");

test.each([
  ["the variable", { XDG_CACHE_HOME: CACHE }, () => HOME, join(CACHE, "vlm-export")],
  ["no variable", {}, () => HOME, join(HOME, ".cache/vlm-export")],
  ["an empty variable", { XDG_CACHE_HOME: "" }, () => HOME, join(HOME, ".cache/vlm-export")],
  ["a relative variable", { XDG_CACHE_HOME: "cache" }, () => HOME, join(HOME, ".cache/vlm-export")],
  ["an empty home", { XDG_CACHE_HOME: "" }, () => "", undefined],
  [
    "an unknown user",
    {},
    () => {
      throw new Error("uv_os_homedir returned ENOENT");
    },
    undefined,
  ],
])("with %s the cache never lies in the working folder", (_, environment, home, expected) => {
  expect(usualCache(environment, home)).toBe(expected);
});
