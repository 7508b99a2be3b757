"""Closed code lists as enums: the value is the store's code, the description says it in Chinese and English."""

from __future__ import annotations

from enum import Enum
from typing import Any

import strawberry


def both(zh: str, en: str) -> str:
    """A description in both languages."""
    return f"{zh} · {en}"


def code(value: str, zh: str, en: str) -> Any:
    """One value of an enum."""
    return strawberry.enum_value(value, description=both(zh, en))


@strawberry.enum(description=both("救助对象类别", "category of a person or household, as certified"))
class Category(Enum):
    TEKUN = code("tekun", "特困人员", "person in extreme difficulty")
    ORPHAN = code("orphan", "孤儿", "orphan")
    DEFACTO_ORPHAN = code("defacto_orphan", "事实无人抚养儿童", "de-facto unsupported child")
    DIBAO = code("dibao", "低保对象", "subsistence-allowance recipient")
    DIBAO_EDGE = code("dibao_edge", "低保边缘家庭成员", "member of a low-income-margin family")
    FANPIN_ZHIPIN = code("fanpin_zhipin", "返贫致贫人口", "(re-)impoverished person")
    MON_UNSTABLE = code("mon_unstable", "脱贫不稳定户", "unstable household out of poverty")
    MON_EDGE = code("mon_edge", "边缘易致贫户", "household at risk of poverty")
    MON_SUDDEN = code("mon_sudden", "突发严重困难户", "household in sudden serious difficulty")
    STABLE_OUT = code("stable_out", "稳定脱贫人口", "person stably out of poverty")
    ILLNESS_POOR = code("illness_poor", "因病致贫重病患者", "seriously ill person impoverished by illness")
    EXPEND_HARD = code("expend_hard", "支出型困难家庭", "household in expenditure-type hardship")
    EVERYONE = code("*", "所有参保人", "every insured person: a rule that asks for no category")
    REGIONAL = code("regional", "地方扩展类别", "a region's own category")


@strawberry.enum(description=both("待遇", "benefit"))
class Benefit(Enum):
    PREMIUM_SUBSIDY = code("premium_subsidy", "资助参保", "premium subsidy")
    BASIC_INSURANCE = code("basic_insurance", "基本医疗保险", "basic medical insurance")
    SERIOUS_ILLNESS = code("serious_illness", "大病保险", "serious-illness insurance")
    MEDICAL_ASSISTANCE = code("medical_assistance", "医疗救助", "medical assistance")
    TILT = code("tilt", "倾斜救助", "tilted assistance")
    WARNING = code("warning", "高额费用预警", "high-cost warning")
    CEILING = code("ceiling", "报销比例上限", "ceiling of the reimbursed share")
    PARTICIPATION = code("participation", "参保率", "participation")


@strawberry.enum(description=both("比对发现的种类", "kind of a finding"))
class FindingKind(Enum):
    LISTED_NOT_INSURED = code("listed_not_insured", "在册未参保", "listed but not insured")
    SUBSIDY_MISSING = code("subsidy_missing", "应资助未资助", "premium subsidy missing")
    SUBSIDY_DUPLICATED = code("subsidy_duplicated", "重复资助", "premium subsidy paid twice")
    CATEGORY_CONFLICT = code("category_conflict", "身份互斥", "mutually exclusive categories")
    TAG_AFTER_END = code("tag_after_end", "身份已终止仍有标识", "identity ended but still tagged")
    DECEASED_ACTIVE = code("deceased_active", "死亡人员仍在册", "deceased yet active")
    NAME_CONFLICT = code("name_conflict", "同证异名", "one ID number with two names")
    PERSON_NUMBER_ON_TWO_IDS = code(
        "person_number_on_two_ids", "一个人编号对应两证", "one person number on two ID numbers"
    )
    IN_TWO_HOUSEHOLDS = code("in_two_households", "同时在两户", "in two households of one source at once")
    CEILING_EXCEEDED = code("ceiling_exceeded", "超过比例上限", "reimbursed above the ceiling")
    ASSISTANCE_MISSING = code("assistance_missing", "应助未助", "entitled but not assisted")
    ASSISTANCE_NOT_APPLIED = code("assistance_not_applied", "未申请", "entitled, not applied for")
    ASSISTANCE_NEWLY_DUE = code("assistance_newly_due", "应退应补", "newly due after a later certification")
    ASSISTANCE_UNDERPAID = code("assistance_underpaid", "少救助", "assisted by less than is due")
    ASSISTANCE_OVERPAID = code("assistance_overpaid", "多救助", "assisted by more than is due")
    ASSISTANCE_DOUBLED = code("assistance_doubled", "重复救助", "one expense assisted twice")
    TWO_REGIONS = code("two_regions", "两地身份", "one category held in two regions")
    ABSENT_FROM_PAYMENT = code("absent_from_payment", "发放名单缺失", "absent from a payment list")


@strawberry.enum(description=both("严重程度", "severity"))
class Severity(Enum):
    HIGH = code("high", "高", "high")
    MEDIUM = code("medium", "中", "medium")
    LOW = code("low", "低", "low")


@strawberry.enum(description=both("与上月相比", "against the month before"))
class CaseState(Enum):
    NEW = code("new", "新增", "new this month")
    PERSISTING = code("persisting", "持续", "as in the month before")
    REOPENED = code("reopened", "重现", "cleared before, back again")
    CLEARED = code("cleared", "已消除", "gone this month")


@strawberry.enum(description=both("参保险种", "type of insurance, the national code in the description"))
class InsuranceType(Enum):
    EMPLOYEE = code("310", "310 职工基本医疗保险", "310 employee basic insurance")
    CIVIL_SERVANT = code("320", "320 公务员医疗补助", "320 civil servants' supplement")
    LARGE_SUM = code("330", "330 大额医疗费用补助", "330 large-sum supplement")
    RETIRED_CADRE = code("340", "340 离休人员医疗保障", "340 retired cadres")
    DISABLED_SOLDIER = code("350", "350 伤残军人医疗补助", "350 disabled soldiers")
    OLD_RED_ARMY = code("360", "360 老红军医疗保障", "360 old Red Army")
    ENTERPRISE_SUPPLEMENT = code("370", "370 企业补充医疗保险", "370 enterprise supplement")
    RURAL_COOPERATIVE = code("380", "380 新型农村合作医疗", "380 new rural cooperative")
    RESIDENT = code("390", "390 城乡居民基本医疗保险", "390 urban and rural residents")
    URBAN_RESIDENT = code("391", "391 城镇居民基本医疗保险", "391 urban residents")
    RESIDENT_SERIOUS_ILLNESS = code("392", "392 城乡居民大病保险", "392 residents' serious-illness insurance")
    OTHER = code("399", "399 其他", "399 other")
    LONG_TERM_CARE = code("410", "410 长期护理保险", "410 long-term care")
    MATERNITY = code("510", "510 生育保险", "510 maternity")


@strawberry.enum(description=both("参保状态", "state of an enrolment"))
class InsuranceStatus(Enum):
    NORMAL = code("normal", "正常参保", "insured")
    PAUSED = code("paused", "暂停参保", "paused")
    ENDED = code("ended", "终止参保", "ended")


@strawberry.enum(description=both("就医方式", "kind of care"))
class Setting(Enum):
    INPATIENT = code("inpatient", "住院", "inpatient")
    OUTPATIENT_CHRONIC = code("outpatient_chronic", "门诊慢特病", "outpatient, chronic or special disease")
    OUTPATIENT = code("outpatient", "普通门诊", "outpatient")


@strawberry.enum(description=both("资助来源", "who paid a premium subsidy"))
class Payer(Enum):
    MEDICAL_INSURANCE = code("medical_insurance", "医保", "medical insurance")
    CIVIL_AFFAIRS = code("civil_affairs", "民政", "civil affairs")
    RURAL_REVITALIZATION = code("rural_revitalization", "乡村振兴", "rural revitalization")
    FINANCE = code("finance", "财政", "finance")
    VILLAGE = code("village", "村集体", "village collective")
    CHARITY = code("charity", "慈善捐赠", "charity")


@strawberry.enum(description=both("性别", "sex, as the ID number says"))
class Sex(Enum):
    MALE = code("1", "男", "male")
    FEMALE = code("2", "女", "female")


@strawberry.enum(description=both("证件类型", "type of certificate"))
class CertificateType(Enum):
    RESIDENT_ID = code("resident_id", "居民身份证", "resident ID card")
    HMT_PERMIT = code("hmt_permit", "港澳台居民居住证", "residence permit of Hong Kong, Macao and Taiwan residents")
    FOREIGN_PERMANENT = code("foreign_permanent", "外国人永久居留身份证", "foreign permanent resident's ID card")


@strawberry.enum(description=both("证件号码等级", "what form the ID number arrived in"))
class IdGrade(Enum):
    VERIFIED_FORM = code("verified_form", "18 位且校验正确", "18 characters, check digit right")
    LEGACY_15 = code("legacy_15", "15 位旧号码", "legacy number of 15 digits")
    DISABILITY_CERTIFICATE = code("disability_certificate", "残疾人证号", "disability certificate")
    REISSUED_CERTIFICATE = code("reissued_certificate", "补换领证号", "re-issued certificate")
    HMT_PERMIT = code("hmt_permit", "港澳台居民居住证", "residence permit of Hong Kong, Macao and Taiwan residents")
    FOREIGN_PERMANENT = code("foreign_permanent", "外国人永久居留身份证", "foreign permanent resident's ID card")
    OTHER_CERTIFICATE = code("other_certificate", "其他证件", "another certificate")


@strawberry.enum(description=both("就高方式", "how the winner was chosen"))
class Mode(Enum):
    PER_BENEFIT = code("per_benefit", "待遇就高", "the highest for each benefit")
    BY_CATEGORY = code("by_category", "按最高类别", "the highest category for all benefits")


@strawberry.enum(description=both("候选结果的理由", "why a candidate won or did not"))
class Reason(Enum):
    WINNER = code("winner", "采用", "it is the winner")
    LOWER_AMOUNT = code("lower_amount", "年度金额较低", "a lower annual amount")
    LOWER_RANK = code("lower_rank", "类别次序较低", "a lower rank in the region")
    CODE_ORDER = code("code_order", "金额次序均同，按代码", "equal in all, decided by category code")
    UNDETERMINED = code("undetermined", "无法确定", "its amount cannot be determined")
    OTHER_REGION = code("other_region", "其他地区", "another region pays")


@strawberry.enum(description=both("参保率人群", "population of a participation rate"))
class Population(Enum):
    RURAL_LOW_INCOME = code("rural_low_income", "农村低收入人口", "rural low-income population")
    OUT_OF_POVERTY = code("out_of_poverty", "脱贫人口", "population out of poverty")


@strawberry.enum(description=both("比对月份状态", "state of a month"))
class MonthState(Enum):
    OPEN = code("open", "未关闭", "may still be computed again")
    CLOSED = code("closed", "已关闭", "never changes")


@strawberry.enum(description=both("访问结果", "outcome of an operation"))
class Outcome(Enum):
    ANSWERED = code("answered", "已答复", "answered")
    REFUSED = code("refused", "已拒绝", "refused")
    FAILED = code("failed", "失败", "failed")


@strawberry.enum(description=both("部门办理状态", "where a department stands with a case"))
class FeedbackState(Enum):
    RECEIVED = code("received", "已接收", "received")
    IN_PROGRESS = code("in_progress", "办理中", "in progress")
    SETTLED = code("settled", "已办结", "settled, with an outcome")
    DISPUTED = code("disputed", "有异议", "disputed, with a reason")
    WAIVER_REQUESTED = code("waiver_requested", "申请豁免", "a waiver is asked for; another has to confirm it")
    WAIVED = code("waived", "已豁免", "waived by two")


@strawberry.enum(description=both("办理的步骤", "what a department may say of a case by itself"))
class FeedbackStep(Enum):
    RECEIVED = code("received", "已接收", "received")
    IN_PROGRESS = code("in_progress", "办理中", "in progress")
    SETTLED = code("settled", "已办结", "settled, with an outcome")
    DISPUTED = code("disputed", "有异议", "disputed, with a reason")


@strawberry.enum(description=both("办结结果", "outcome of a case"))
class FeedbackOutcome(Enum):
    CERTIFIED = code("certified", "已认定救助身份", "a category was certified")
    ENROLLED = code("enrolled", "已参保", "enrolled")
    AID_PAID = code("aid_paid", "已救助或补发", "aid was paid, or paid up")
    AID_RECOVERED = code("aid_recovered", "已追回", "what was paid too much was recovered")
    DATA_CORRECTED = code("data_corrected", "数据已更正", "the data were corrected at their source")
    NOT_ELIGIBLE = code("not_eligible", "核实不符合条件", "checked: not eligible")
    DECLINED = code("declined", "本人不申请", "the person does not apply")
    DECEASED = code("deceased", "人员已死亡", "the person has died")


@strawberry.enum(description=both("异议或豁免的理由", "why a case is disputed, or shall be waived"))
class FeedbackReason(Enum):
    WRONG_PERSON = code("wrong_person", "人员不符", "another person is meant")
    OUTDATED = code("outdated", "数据已过时", "the data are out of date")
    WRONG_AMOUNT = code("wrong_amount", "金额有误", "an amount is wrong")
    NOT_COMPETENT = code("not_competent", "不属本部门职责", "another department's matter")
    OUT_OF_AREA = code("out_of_area", "不在本辖区", "outside the area")
    ALREADY_SETTLED = code("already_settled", "此前已办结", "settled before")
    MINOR = code("minor", "情形轻微", "of little weight")
    UNREACHABLE = code("unreachable", "无法联系本人", "the person cannot be reached")
    POLICY_EXCEPTION = code("policy_exception", "政策另有规定", "a policy makes an exception")


@strawberry.enum(description=both("未予受理的原因", "why a word on a case was not taken"))
class FeedbackProblem(Enum):
    NOT_FOUND = code("not_found", "没有这个事项", "there is no such case")
    KEY_INVALID = code(
        "key_invalid", "幂等键须为 1 至 100 个 ASCII 字符", "the key is 1 to 100 printable ASCII characters"
    )
    KEY_REUSED = code("key_reused", "该键已用于另一次反馈", "the key was used for another word")
    OUT_OF_ORDER = code("out_of_order", "与本部门上一状态不衔接", "it does not follow the department's last state")
    OUTCOME_NEEDED = code("outcome_needed", "办结须说明结果", "settled needs an outcome")
    REASON_NEEDED = code("reason_needed", "须说明理由", "a reason is needed")
    NOT_TAKEN = code("not_taken", "此状态不带结果或理由", "this state takes no outcome or reason")
    SECOND_PERSON_NEEDED = code(
        "second_person_needed", "豁免须由另一人确认", "a waiver is confirmed by somebody else than who asked for it"
    )
