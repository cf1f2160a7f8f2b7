import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { standardOps } from "@vlm-export/ops";
import { afterAll, expect, test } from "vitest";
import type { Backend } from "../backend.js";
import { openSite, type TargetSite } from "./open-site.js";

const root = mkdtempSync(join(tmpdir(), "vlm-export-open-site-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const backend = { name: "test", capabilities: { optionsSchema: {} } } as unknown as Backend;

function siteIn(folder: string): TargetSite {
  const dir = join(root, folder);
  mkdirSync(dir);
  return openSite({ backend, dir, tmpRoot: root, options: undefined, ops: standardOps(), environment: { PATH: process.env["PATH"] } });
}

test("writing files and running programs is work of the host, while it goes on and after", async () => {
  const { context, terms, dispose } = siteIn("work");
  expect(terms.work?.ended).toBe(0);
  const running = context.exec(process.execPath, ["-e", "0"]);
  expect(terms.work?.ended).toBeUndefined();
  await running;
  expect(terms.work?.ended).toBe(1);
  const file = await context.createFile("a.bin");
  await file.write(Uint8Array.of(1));
  await file.close();
  expect(terms.work?.ended).toBe(4);
  dispose();
});

test("a hook that was given up creates no file any more", async () => {
  const { context, dispose } = siteIn("late");
  dispose();
  await expect(context.createFile("late.bin")).rejects.toMatchObject({
    diagnostic: { code: "VX-PLUGIN-TIMEOUT", message: 'file "late.bin" was asked for after the target had ended.' },
  });
  expect(readdirSync(join(root, "late"))).toEqual([]);
});

test("a finding that no report can hold is refused where it is given", () => {
  const { context, diagnostics, dispose } = siteIn("finding");
  expect(() => context.report({ code: "VX-MINE", severity: "loud", message: "m", where: { stage: "emit" } } as never)).toThrow(
    'context.report was given no finding: diagnostic.severity is "loud", not one of error, warning, info.',
  );
  context.report({ code: "VX-MINE", severity: "info", message: "m", where: { stage: "emit" } });
  expect(diagnostics).toEqual([{ code: "VX-MINE", severity: "info", message: "m", where: { stage: "emit", backend: "test" } }]);
  dispose();
});
