import { defineConfig } from "vitest/config";

export default defineConfig({
  define: { BUILD: '"sources"' },
  test: {
    environment: "jsdom",
    environmentOptions: { jsdom: { pretendToBeVisual: true } },
    maxWorkers: "100%",
    include: ["test/**/*.test.ts"],
    restoreMocks: true,
    testTimeout: 30_000,
  },
});
