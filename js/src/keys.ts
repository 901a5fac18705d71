/** Whether an input method composes: its keys are its own. Safari tells by the key code only. */
export function isComposing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229;
}
