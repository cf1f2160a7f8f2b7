import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

/** The folder of the cache where none is asked for; none for a user without a home. As XDG says it, a path that is empty or relative is not set. */
export function usualCache(environment: Readonly<Record<string, string | undefined>>, home: () => string = homedir): string | undefined {
  const named = environment["XDG_CACHE_HOME"] ?? "";
  if (isAbsolute(named)) return join(named, "vlm-export");
  const folder = homeFrom(home);
  return isAbsolute(folder) ? join(folder, ".cache", "vlm-export") : undefined;
}

/** Empty where the system does not know the user. */
function homeFrom(home: () => string): string {
  try {
    return home();
  } catch {
    return "";
  }
}
