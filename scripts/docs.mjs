/** Writes the generated pages of docs/. Needs a build. */
import { writeFileSync } from "node:fs";
import { errorsPage } from "./docs/errors-page.mjs";
import { operatorsPage } from "./docs/operators-page.mjs";
import { recipePage } from "./docs/recipe-page.mjs";
import { root } from "./install.mjs";

/** Page → its text. */
export const PAGES = { "errors.md": errorsPage, "operators.md": operatorsPage, "recipe.md": recipePage };

if (process.argv[1] === `${root}scripts/docs.mjs`)
  for (const [page, text] of Object.entries(PAGES)) writeFileSync(`${root}docs/${page}`, await text());
