"""Plausible names of nobody: Han names, and Uyghur names written with the prescribed dot U+00B7."""

from __future__ import annotations

from random import Random

DOT = "·"
SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
    "余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
MALE = "伟强磊军洋勇杰涛明超刚平辉鹏华飞鑫波斌宇浩凯健俊帆帅旭宁龙林欢佳阳建国志海荣富贵福生庆祥宝春根山河㐂䶮𬭩"
FEMALE = "芳娜敏静丽艳娟霞秀英玉兰梅红莉桂凤燕萍玲云洁雪琴珍淑华慧巧美婷翠香月荣爱妹莲环菊㛃𬭩"
UYGHUR_MALE = (
    "阿卜杜拉", "艾合买提", "买买提", "吐尔逊", "玉素甫", "伊明", "克里木", "热合曼", "肉孜", "托合提",
    "阿不都热依木", "艾尔肯", "依米提", "努尔麦麦提", "卡迪尔", "萨迪克", "麦麦提艾力", "库尔班", "塔伊尔", "尼亚孜",
)  # fmt: skip
UYGHUR_FEMALE = (
    "古丽", "阿依古丽", "帕提古丽", "热依汗", "阿米娜", "祖丽皮娅", "麦尔耶姆", "布威海丽且姆", "吐尔逊古丽",
    "努尔比亚", "再吐娜", "阿依谢姆", "茹仙古丽", "哈丽旦", "米热古丽", "佐热木", "坎拜尔尼萨", "海日古丽",
    "萨拉麦提", "帕夏古丽",
)  # fmt: skip


def han(rng: Random, sex: str, surname: str | None = None) -> str:
    """A Han name of two or three characters; `sex` is '1' male or '2' female."""
    given = MALE if sex == "1" else FEMALE
    return (surname or rng.choice(SURNAMES)) + "".join(rng.choice(given) for _ in range(rng.choice((1, 2, 2))))


def uyghur(rng: Random, sex: str, father: str | None = None) -> str:
    """A given name and the father's, joined by the dot."""
    given = rng.choice(UYGHUR_MALE if sex == "1" else UYGHUR_FEMALE)
    return given + DOT + (father or rng.choice(UYGHUR_MALE))
