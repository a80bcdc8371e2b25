"""What both services' doors have in common: problems, keys, strict bodies, replies, cursors."""
