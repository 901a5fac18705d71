/** The asset with the menu of conversations, which does nothing without a kernel anyway. */

export { ConversationMenu } from "../conversation-menu.js";
export { default as css } from "../conversations.css?raw";
