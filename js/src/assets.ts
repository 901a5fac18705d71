// STUB until branch assets is merged
type Math = typeof import("./assets/math.js");
let math: Math | null = null;
export async function loadAsset(_: "math"): Promise<Math> {
  if (math === null) throw new Error("none");
  return math;
}
export function findAsset(_: "math"): Math | null {
  return math;
}
export function provideAsset(_: "math", m: Math): void {
  math = m;
}
