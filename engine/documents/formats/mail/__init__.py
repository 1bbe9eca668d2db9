"""Mail: single messages, mailboxes, Outlook's messages; attachments as children. Runs in the parser process only."""
